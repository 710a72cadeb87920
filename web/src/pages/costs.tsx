import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CircleDollarSign } from 'lucide-react';
import type { Costs } from '#src/domain/cost.ts';
import { messageOf } from '#src/errors.ts';
import { BudgetPanel } from '../components/budget-panel.tsx';
import { CostTable } from '../components/cost-table.tsx';
import { ForecastPanel } from '../components/forecast-panel.tsx';
import { Money } from '../components/money.tsx';
import { PricesPanel } from '../components/prices-panel.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { costSpans, sinceOf } from '../costs.ts';
import { formatCount, plural } from '../format.ts';
import { useProject } from '../hooks/use-project.ts';
import { costsQuery } from '../queries.ts';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { Select } from '../ui/select.tsx';

export function CostsPage() {
  const { by = 'task', span = 'month' } = useSearch({ from: '/shell/costs' });
  const { project } = useProject();
  const since = sinceOf(span, new Date());
  const costs = useQuery({ ...costsQuery({ projectId: project?.id, by, since }), placeholderData: keepPreviousData });
  const navigate = useNavigate({ from: '/costs' });
  return (
    <>
      <title>Costs · Sentra</title>
      <TopBar>
        <h1 className="text-base">Costs</h1>
        <Select
          aria-label="Time"
          className="ml-auto"
          value={span}
          onValue={(value) =>
            void navigate({ search: (before) => ({ ...before, span: value as typeof span }), replace: true })
          }
          options={Object.entries(costSpans).map(([value, label]) => ({ value, label }))}
        />
      </TopBar>
      <div className="grid min-h-0 flex-1 content-start gap-4 overflow-y-auto p-4 xl:grid-cols-[minmax(0,1fr)_376px]">
        {costs.error && (
          <div className="xl:col-span-2">
            <Notice tone="err">{messageOf(costs.error)}</Notice>
          </div>
        )}
        <div className="flex min-w-0 flex-col gap-4">
          {costs.data && <Spent costs={costs.data} />}
          {costs.data && (
            <CostTable
              costs={costs.data}
              by={by}
              onBy={(next) => void navigate({ search: (before) => ({ ...before, by: next }), replace: true })}
            />
          )}
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <BudgetPanel key={project?.id ?? 'server'} project={project} />
          {costs.data?.forecast && <ForecastPanel forecast={costs.data.forecast} budgets={costs.data.budgets} />}
          <PricesPanel key={`prices ${project?.id}`} project={project} />
        </div>
      </div>
    </>
  );
}

function Spent({ costs: { total } }: { costs: Costs }) {
  if (total.sessions === 0)
    return (
      <Panel title="Spent">
        <Empty icon={CircleDollarSign} title="Nothing was spent in this time">
          <p>
            Each session of an agent is counted here: its tokens, and what they cost. Start a task to see the first.
          </p>
        </Empty>
      </Panel>
    );
  const rows = [
    { name: "By the agents' word", text: <Money usd={total.agentUsd} /> },
    { name: 'By the price table', text: <Money usd={total.pricesUsd} /> },
    { name: 'Input', text: formatCount(total.tokens.input) },
    { name: 'Output', text: formatCount(total.tokens.output) },
    { name: 'Cache read', text: formatCount(total.tokens.cacheRead) },
    { name: 'Cache write', text: formatCount(total.tokens.cacheWrite) },
  ];
  return (
    <Panel title="Spent" note={plural(total.sessions, 'session')}>
      <div className="flex flex-col gap-3 p-4">
        <p className="text-xl font-semibold">
          <Money sum={total} />
        </p>
        {total.unknownSessions > 0 && (
          <Notice tone="warn">
            {`${plural(total.unknownSessions, 'session')} of it ${total.unknownSessions === 1 ? 'has' : 'have'} no known price, and budgets cannot see ${total.unknownSessions === 1 ? 'it' : 'them'}. Set the price of the model, or let the agent tell its costs.`}
          </Notice>
        )}
        <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 [&_dt]:text-xs [&_dt]:text-second">
          {rows.map(({ name, text }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Panel>
  );
}
