/** Shows what changes in steps that leave the browser time for what a person does: the longer a step takes, the rarer it is. */

export type Pacer = { ask(): void; stop(): void };

const frameMs = 17;
const restTimes = 3;
const longestRestMs = 250;

/** `show` runs in an animation frame, some time after it was asked for; never in a page that nobody sees. */
export function createPacer(show: () => void): Pacer {
  let frame: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  let restMs = 0;
  const step = () => {
    timer = undefined;
    frame = requestAnimationFrame((begun) => {
      isWanted = false;
      show();
      frame = requestAnimationFrame((done) => {
        frame = undefined;
        restMs = Math.min(longestRestMs, restTimes * Math.max(0, done - begun - frameMs));
        if (isWanted) plan();
      });
    });
  };
  const plan = () => {
    timer = setTimeout(step, restMs);
  };
  return {
    ask: () => {
      isWanted = true;
      if (frame === undefined && timer === undefined) plan();
    },
    stop: () => {
      clearTimeout(timer);
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = timer = undefined;
    },
  };
}
