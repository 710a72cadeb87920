/** At most so many at once: starting an agent takes half a second of a whole core, and thirty at once half a minute. */
export type PlaceGate = {
  /** True when nobody would have to wait now. */
  isFree(): boolean;
  /** Waits for a place and answers the function that gives it back. Throws the signal's reason when it is aborted meanwhile. */
  enter(signal?: AbortSignal): Promise<() => void>;
};

/** All kinds of agents share these places. */
export const agentGate: PlaceGate = createGate(2);

/** After `holdMs` a place is given back in any case; Infinity: never. */
export function createGate(places: number, holdMs = 30_000): PlaceGate {
  let free = places;
  const waiting = new Set<() => void>();
  const giveBack = () => {
    const [next] = waiting;
    if (!next) free += 1;
    else {
      waiting.delete(next);
      next();
    }
  };
  const wait = (signal?: AbortSignal) =>
    new Promise<void>((done, fail) => {
      const abandon = () => {
        waiting.delete(enter);
        fail(signal?.reason);
      };
      const enter = () => {
        signal?.removeEventListener('abort', abandon);
        done();
      };
      waiting.add(enter);
      signal?.addEventListener('abort', abandon, { once: true });
    });
  return {
    isFree: () => free > 0,
    async enter(signal) {
      signal?.throwIfAborted();
      if (free > 0) free -= 1;
      else await wait(signal);
      let held = true;
      let timer: NodeJS.Timeout | undefined;
      const leave = () => {
        clearTimeout(timer);
        if (held) giveBack();
        held = false;
      };
      if (Number.isFinite(holdMs)) timer = setTimeout(leave, holdMs).unref();
      return leave;
    },
  };
}
