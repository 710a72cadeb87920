import { cutOff, unlessHeld, watchSuspension } from '#src/engine/step.ts';
import type { Outcome } from '#src/process.ts';

const tries = 3;

/**
 * Runs a command whose result is judged. One that was ended from outside says nothing about the project: this worker itself ends
 * all when it stops (then it goes on elsewhere) or has lost its database (then the step begins again). Whoever else did it: it is run
 * again, a few times.
 */
export async function runUnkilled(run: () => Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  for (let count = 1; ; count++) {
    const isCutOff = watchSuspension();
    const ended = await run();
    signal.throwIfAborted();
    if (ended.endedBy !== 'signal') return ended;
    await unlessHeld();
    if (isCutOff()) throw cutOff();
    if (count === tries) return ended;
  }
}
