/** Lets one loop sleep until something happened. A ring that comes before the wait is not lost. */
export type Bell = { ring(): void; wait(): Promise<void> };

/** An abort rings too. */
export function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let wake = () => {};
  const ring = () => {
    rung = true;
    wake();
  };
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    async wait() {
      if (!rung && !signal.aborted)
        await new Promise<void>((woken) => {
          wake = woken;
        });
      rung = false;
    },
  };
}
