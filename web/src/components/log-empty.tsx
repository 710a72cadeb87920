import { ScrollText } from 'lucide-react';
import { formatCount, formatSince } from '../format.ts';
import type { LogChoice } from '../log-choice.ts';
import type { LogFacts } from '../log-source.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';

type Props = { facts: LogFacts; choice: LogChoice; onChange: (change: LogChoice) => void };

/** Why no line is on the screen. */
export function LogEmpty({ facts, choice, onChange }: Props) {
  return (
    <div className="absolute inset-0 flex">
      {facts.total > 0 ? (
        <Empty icon={ScrollText} title="No line is shown">
          <p>
            {formatCount(facts.total)} lines are hidden by {hiddenBy(choice).join(' and ')}.
          </p>
          <Button
            onClick={() =>
              onChange({ phase: undefined, level: undefined, since: undefined, until: undefined, only: undefined })
            }
          >
            Show all
          </Button>
        </Empty>
      ) : facts.removed ? (
        <Empty icon={ScrollText} title="The lines were removed">
          <p>{removedText(facts.removed)}</p>
        </Empty>
      ) : (
        <Empty icon={ScrollText} title="No line yet">
          <p>What the agent, the tests and Sentra itself say appears here, as soon as a run has begun.</p>
        </Empty>
      )}
    </div>
  );
}

export const removedText = ({ lines, at }: NonNullable<LogFacts['removed']>) =>
  `${formatCount(lines)} lines were older or larger than the project keeps, and were removed at ${formatSince(at, Date.now())}.`;

function hiddenBy({ phase, level, source, attempt, since, until, only, find }: LogChoice): string[] {
  return [
    ...(phase || level || source || attempt ? ['the phases, levels, sources and attempts that are switched off'] : []),
    ...(since || until ? ['the chosen time'] : []),
    ...(only && find ? [`“${find}”`] : []),
  ];
}
