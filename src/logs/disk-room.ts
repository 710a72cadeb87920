/**
 * Whether log lines may still be stored: the scheduler closes its gate at the reserve of the disk, and what is at work goes on; lines are
 * what could still fill the rest, so at half of the reserve they wait.
 */
import { statfsSync } from 'node:fs';
import { isShort, type Reserve, reserveOf } from '#src/domain/reserve.ts';

const lookMs = 50;

/** `place`: on the database's disk. What cannot be looked at holds nothing up. */
export function watchDiskRoom(place: string, reserve: Reserve): () => boolean {
  let short = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - lookedAt < lookMs) return short;
    lookedAt = performance.now();
    try {
      const { blocks, bavail, bsize } = statfsSync(place);
      short = isShort(bavail * bsize, reserveOf(reserve, blocks * bsize) / 2, short);
    } catch {
      short = false;
    }
    return short;
  };
}
