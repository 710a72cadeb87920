import { Link } from '@tanstack/react-router';
import { type CostGrouping, type CostItem, type Costs, costGroupings } from '#src/domain/cost.ts';
import { shortId } from '#src/domain/ids.ts';
import { formatCount } from '../format.ts';
import { useProject } from '../hooks/use-project.ts';
import { Meter } from '../ui/meter.tsx';
import { Panel } from '../ui/panel.tsx';
import { Select } from '../ui/select.tsx';
import { Money } from './money.tsx';

type Props = { costs: Costs; by: CostGrouping; onBy: (by: CostGrouping) => void };

const labels: Record<CostGrouping, string> = {
  task: 'By task',
  phase: 'By phase',
  agent: 'By agent',
  model: 'By model',
  day: 'By day',
  month: 'By month',
  project: 'By project',
  session: 'By session',
};

export function CostTable({ costs, by, onBy }: Props) {
  const { items } = costs;
  const highest = Math.max(0, ...items.map(({ knownUsd }) => knownUsd));
  const choice = (
    <Select
      aria-label="Add up"
      value={by}
      onValue={(value) => onBy(value as CostGrouping)}
      options={costGroupings.map((value) => ({ value, label: labels[value] }))}
    />
  );
  return (
    <Panel title="Where it went" note={choice}>
      {items.length === 0 ? (
        <p className="p-4 text-second">No session in this time. Look at a longer one, or start a task.</p>
      ) : (
        <ul>
          {items.map((item) => (
            <li key={item.key} className="flex flex-col gap-1.5 border-t border-line px-4 py-2.5 first:border-t-0">
              <span className="flex min-w-0 items-baseline gap-3">
                <Name item={item} by={costs.by} />
                <span className="ml-auto flex-none font-medium">
                  <Money sum={item} />
                </span>
              </span>
              <Meter part={highest > 0 ? item.knownUsd / highest : 0} />
              <span className="text-xs text-second">{detailsOf(item)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Name({ item, by }: { item: CostItem; by: CostGrouping }) {
  const { projects } = useProject();
  if (by === 'task')
    return (
      <Link to="/tasks/$id" params={{ id: item.key }} search={({ project }) => ({ project })} className="cost-title">
        <span className="cut">{item.title ?? item.key}</span>
        <span className="mono flex-none font-normal text-second">{shortId(item.key)}</span>
      </Link>
    );
  const name = by === 'project' ? (projects.find(({ id }) => id === item.key)?.name ?? item.key) : item.key;
  return <span className={`cut ${by === 'session' || by === 'model' ? 'mono' : ''}`}>{name || 'not named'}</span>;
}

function detailsOf({ sessions, unknownSessions, tokens }: CostItem): string {
  const blind = unknownSessions > 0 ? ` (${unknownSessions} without a price)` : '';
  const cache = tokens.cacheRead + tokens.cacheWrite;
  const parts = [
    `${formatCount(sessions)} ${sessions === 1 ? 'session' : 'sessions'}${blind}`,
    `${formatCount(tokens.input)} in`,
    `${formatCount(tokens.output)} out`,
    ...(cache > 0 ? [`${formatCount(tokens.cacheRead)} from cache, ${formatCount(tokens.cacheWrite)} to it`] : []),
  ];
  return parts.join(' · ');
}
