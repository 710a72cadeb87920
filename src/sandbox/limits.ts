/**
 * The limits of a room that the kernel keeps: file sizes, processes, memory that stands for a disk, and its turn at the
 * processor. They are set by a shell inside, before the program is there, so that they count for this room alone.
 */
import type { RoomLimits } from '#src/domain/confinement.ts';

/** In front of the program: `ulimit -u` is `-p` in dash. Root is let through by the kernel, so there only room-watch.ts counts. */
export const enterLimits = (limits: RoomLimits | undefined): string => {
  if (!limits) return 'exec "$@"';
  return `ulimit -c 0
ulimit -f ${Math.ceil(limits.diskBytes / 512)} 2>/dev/null
ulimit -u ${threads(limits)} 2>/dev/null || ulimit -p ${threads(limits)} 2>/dev/null
[ -x /usr/bin/nice ] && exec /usr/bin/nice -n 5 "$@"
exec "$@"`;
};

/** For people: what keeps the limits of rooms on this host. */
export const explainLimits = (): string =>
  `memory, processes and disk are counted twice a second; the kernel keeps file sizes${process.getuid?.() === 0 ? '' : ', processes'} and folders in memory`;

/** The kernel counts threads, people count programs. */
const threads = ({ processes }: RoomLimits): number => processes * 8;

/** Arguments of bubblewrap for /dev: nothing can be written there but devices and shared memory. */
export const deviceArguments = (limits: RoomLimits | undefined, hasSize: boolean): string[] => [
  ...['--dev', '/dev', ...sizeArguments('/dev/shm', limits, hasSize), '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
];

/** Where programs put what is large; all other folders in memory only seem empty. */
const roomy = ['/tmp', '/var/tmp', '/dev/shm'];

/** What an empty folder in a room may hold, as arguments of bubblewrap. */
export function sizeArguments(path: string, limits: RoomLimits | undefined, hasSize: boolean): string[] {
  if (!limits || !hasSize) return [];
  return ['--size', String(roomy.includes(path) ? Math.round(limits.memoryBytes / 4) : 64e6)];
}
