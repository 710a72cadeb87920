import { useId } from 'react';
import type { LogChoice } from '../log-choice.ts';
import { Button } from '../ui/button.tsx';

type Props = { choice: LogChoice; onChange: (change: LogChoice) => void };

/** From when to when, in the viewer's time zone. */
export function LogTimes({ choice, onChange }: Props) {
  return (
    <fieldset className="flex min-w-0 flex-col gap-1 max-md:flex-none max-md:flex-row max-md:items-center">
      <legend className="px-1 pb-1 text-xs font-medium text-second max-md:sr-only">Time</legend>
      <Moment label="From" value={choice.since} onValue={(since) => onChange({ since })} />
      <Moment label="Until" value={choice.until} onValue={(until) => onChange({ until })} />
      {(choice.since || choice.until) && (
        <Button size="small" look="ghost" onClick={() => onChange({ since: undefined, until: undefined })}>
          Any time
        </Button>
      )}
    </fieldset>
  );
}

type MomentProps = { label: string; value: string | undefined; onValue: (iso: string | undefined) => void };

function Moment({ label, value, onValue }: MomentProps) {
  const id = useId();
  return (
    <div className="flex flex-col px-1 max-md:flex-none max-md:flex-row max-md:items-center max-md:gap-2">
      <label htmlFor={id} className="text-xs text-second">
        {label}
      </label>
      <input
        id={id}
        type="datetime-local"
        step={1}
        className="log-moment field"
        value={value ? localOf(value) : ''}
        onChange={(event) => onValue(isoOf(event.target.value))}
      />
    </div>
  );
}

/** What the field takes: no time zone, no parts of a second. */
function localOf(iso: string): string {
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function isoOf(local: string): string | undefined {
  const date = new Date(local);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
