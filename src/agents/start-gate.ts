/** At most so many at once: starting an agent takes half a second of a whole core, and thirty at once half a minute. */
export function createGate(places: number, holdMs = 30_000) {
  let free = places;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return {
    /** Waits for a place and answers the function that gives it back. After `holdMs` it is given back in any case. */
    async enter(): Promise<() => void> {
      if (free > 0) free -= 1;
      else await new Promise<void>((done) => waiting.push(done));
      let held = true;
      const leave = () => {
        clearTimeout(timer);
        if (held) giveBack();
        held = false;
      };
      const timer = setTimeout(leave, holdMs).unref();
      return leave;
    },
  };
}
