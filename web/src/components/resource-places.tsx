/** What Sentra itself takes of the disk, each with what can be done about it. */
import type { Resources } from '#src/domain/resources.ts';
import { formatBytes } from '../format.ts';
import { Code } from '../ui/code.tsx';
import { Meter } from '../ui/meter.tsx';

export function ResourcePlaces({ places, totals }: Pick<Resources, 'places' | 'totals'>) {
  const highest = Math.max(1, ...places.map(({ bytes }) => bytes ?? 0));
  return (
    <ul>
      {places.map(({ name, path, bytes, advice }) => (
        <li key={`${name} ${path}`} className="flex flex-col gap-1 border-t border-line px-4 py-2.5 first:border-t-0">
          <span className="flex items-center gap-3">
            <span className="min-w-0 flex-1 wrap-anywhere">{name}</span>
            <span className="w-24 flex-none max-md:hidden">
              <Meter part={(bytes ?? 0) / highest} />
            </span>
            <span className="w-20 flex-none text-right">{bytes === null ? '–' : formatBytes(bytes)}</span>
          </span>
          <span className="text-xs text-second wrap-anywhere">
            <Code text={advice} />
          </span>
        </li>
      ))}
      {totals.disk !== null && (
        <li className="flex gap-3 border-t border-line px-4 py-2.5 text-second">
          <span className="flex-1">All of it, with the tasks and what they share</span>
          <span className="text-fg">{formatBytes(totals.disk)}</span>
        </li>
      )}
    </ul>
  );
}
