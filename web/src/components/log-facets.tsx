import { useId } from 'react';
import { type LogLine, logLevels } from '#src/domain/log.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { formatCount } from '../format.ts';
import type { LogStream } from '../hooks/use-log-stream.ts';
import { Checkbox } from '../ui/checkbox.tsx';

export type Facets = { phases: readonly string[]; levels: readonly string[]; shows: (line: LogLine) => boolean };

/** From the address: names separated by commas; all where nothing is said. Lines of no phase show with all phases. */
export function parseFacets(phase: string | undefined, level: string | undefined): Facets {
  const phases = phase === undefined ? phaseNames : phaseNames.filter((name) => phase.split(',').includes(name));
  const levels = level === undefined ? logLevels : logLevels.filter((name) => level.split(',').includes(name));
  const all = phases.length === phaseNames.length;
  return {
    phases,
    levels,
    shows: (line) => levels.includes(line.level) && (line.phase === null ? all : phases.includes(line.phase)),
  };
}

/** Counted once for each line: the stream only grows. */
const counted = new WeakMap<object, { at: number; counts: Map<string, number> }>();

export function countsOf({ lines, count }: LogStream): ReadonlyMap<string, number> {
  const known = counted.get(lines) ?? { at: 0, counts: new Map<string, number>() };
  for (; known.at < count; known.at++) {
    const line = lines[known.at] as LogLine;
    for (const name of [line.phase, line.level]) if (name) known.counts.set(name, (known.counts.get(name) ?? 0) + 1);
  }
  counted.set(lines, known);
  return known.counts;
}

type Props = {
  counts: ReadonlyMap<string, number>;
  facets: Facets;
  onChange: (change: { phase?: string; level?: string }) => void;
};

export function LogFacets({ counts, facets, onChange }: Props) {
  return (
    <div className="relative flex w-[200px] flex-none flex-col gap-4 overflow-y-auto border-r border-line px-3 py-4 max-md:w-auto max-md:flex-row max-md:gap-2 max-md:overflow-x-auto max-md:border-r-0 max-md:border-b max-md:py-2">
      <Facet
        title="Phase"
        names={phaseNames}
        shown={facets.phases}
        counts={counts}
        onChange={(phase) => onChange({ phase })}
      />
      <Facet
        title="Level"
        names={logLevels}
        shown={facets.levels}
        counts={counts}
        onChange={(level) => onChange({ level })}
      />
    </div>
  );
}

type FacetProps = {
  title: string;
  names: readonly string[];
  shown: readonly string[];
  counts: ReadonlyMap<string, number>;
  onChange: (value: string | undefined) => void;
};

function Facet({ title, names, shown, counts, onChange }: FacetProps) {
  const id = useId();
  const set = (next: readonly string[]) => onChange(next.length === names.length ? undefined : next.join());
  return (
    <fieldset className="max-md:flex max-md:flex-none max-md:gap-1">
      <legend className="px-1 pb-1 text-xs font-medium text-second max-md:sr-only">{title}</legend>
      {names.map((name) => (
        <div
          key={name}
          className="group flex h-7 items-center gap-2 rounded px-1 max-md:h-11 max-md:rounded-md max-md:border max-md:border-line max-md:px-2"
        >
          <Checkbox
            id={`${id}${name}`}
            checked={shown.includes(name)}
            onChecked={(checked) => set(names.filter((n) => (n === name ? checked : shown.includes(n))))}
          />
          <label
            htmlFor={`${id}${name}`}
            className={name === 'error' ? 'text-err-text' : name === 'warn' ? 'text-warn' : ''}
          >
            {name}
          </label>
          <button
            type="button"
            aria-label={`Only ${name}`}
            className="ml-auto text-xs text-accent-text opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 max-md:hidden"
            onClick={() => set(shown.length === 1 && shown[0] === name ? names : [name])}
          >
            only
          </button>
          <span aria-hidden="true" className="text-xs text-second">
            {formatCount(counts.get(name) ?? 0)}
          </span>
        </div>
      ))}
    </fieldset>
  );
}
