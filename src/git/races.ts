/**
 * A person's own git does not know Sentra's lock. What loses a race against it is cleared by whoever made it, and done again, a
 * little later each time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, SentraError } from '#src/errors.ts';

const locks = [
  /could not lock config file/,
  /Unable to create '[^']*\.lock': File exists/,
  /cannot lock ref '[^']*': unable to resolve reference/, // between its loose file and the packed ones
];
const races = [
  ...locks,
  // A person's `git gc --prune=now` took what no branch leads to yet.
  /is not a valid object|invalid object \d{6}|nonexistent object|unable to create temporary file: No such file/,
  /failed to read [^\n]*(commondir|gitdir|HEAD|\.git)/,
  /(bad object|unable to read|Invalid path)[^\n]*worktrees\//,
];
const waitsMs = [50, 100, 200, 400, 800, 1_600, 3_200];

/** Another git is at work at the same place this moment. */
export const isLocked = (said: string): boolean => locks.some((lock) => lock.test(said));
/** That, or one that changed what was being read. */
export const isRace = (said: string): boolean => races.some((race) => race.test(said));

/** For what may be done again from its beginning. `lost`: git was cut off in the middle, together with what had started it. */
export async function despiteRaces<T>(act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await act();
    } catch (e) {
      const isLost = e instanceof SentraError && e.code === 'lost';
      if (!isLost && !isRace(messageOf(e))) throw e;
    }
    await delay(waitMs * (0.5 + Math.random()), undefined, { signal });
  }
  return act();
}
