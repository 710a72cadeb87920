import { useId } from 'react';
import { logLevels } from '#src/domain/log.ts';
import { logAttempts, logSources } from '#src/domain/log-facets.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { formatCount } from '../format.ts';
import { chosen, type LogChoice } from '../log-choice.ts';
import type { LogFacts } from '../log-source.ts';
import { Checkbox } from '../ui/checkbox.tsx';
import { LogTimes } from './log-times.tsx';

type Props = { facts: LogFacts; choice: LogChoice; onChange: (change: LogChoice) => void };

export function LogFacets({ facts, choice, onChange }: Props) {
  return (
    <div className="log-facets">
      <Facet
        title="Phase"
        names={phaseNames}
        shown={chosen(phaseNames, choice.phase)}
        counts={facts.byPhase}
        onChange={(phase) => onChange({ phase })}
      />
      <Facet
        title="Level"
        names={logLevels}
        shown={chosen(logLevels, choice.level)}
        counts={facts.byLevel}
        onChange={(level) => onChange({ level })}
      />
      <Facet
        title="Attempt"
        names={logAttempts}
        shown={chosen(logAttempts, choice.attempt)}
        counts={facts.byAttempt}
        onChange={(attempt) => onChange({ attempt })}
      />
      <Facet
        title="Source"
        names={logSources}
        shown={chosen(logSources, choice.source)}
        counts={facts.bySource}
        onChange={(source) => onChange({ source })}
      />
      <LogTimes choice={choice} onChange={onChange} />
    </div>
  );
}

/** Where the value says less than it means. */
const labels: Record<string, string> = { 3: '3 and later' };

type FacetProps = {
  title: string;
  names: readonly string[];
  shown: readonly string[];
  counts: Record<string, number>;
  onChange: (value: string | undefined) => void;
};

function Facet({ title, names, shown, counts, onChange }: FacetProps) {
  const id = useId();
  // All and none are the same: nobody wants to see no line.
  const set = (next: readonly string[]) =>
    onChange(next.length === names.length || next.length === 0 ? undefined : next.join());
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
            {labels[name] ?? name}
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
            {formatCount(counts[name] ?? 0)}
          </span>
        </div>
      ))}
    </fieldset>
  );
}
