import { useQuery } from '@tanstack/react-query';
import { messageOf } from '#src/errors.ts';
import { sinceOf } from '../costs.ts';
import { formatUsd } from '../format.ts';
import { spentByDay } from '../home.ts';
import { useNow } from '../hooks/use-now.ts';
import { costsQuery } from '../queries.ts';
import { sparkPoints } from '../resources.ts';
import { Meter } from '../ui/meter.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';
import { SparkLine } from '../ui/spark-line.tsx';
import { Money } from './money.tsx';

/** This month's money, of one project or of all, beside what limits it. */
export function SpendPanel({ projectId }: { projectId: string | undefined }) {
  const now = new Date(useNow(true, 60_000));
  const costs = useQuery(costsQuery({ projectId, by: 'day', since: sinceOf('month', now) }));
  const days = spentByDay(costs.data?.items ?? [], now);
  const today = (days.at(-1) ?? 0) - (days.at(-2) ?? 0);
  return (
    <Panel title="Spend" note={now.toLocaleDateString(undefined, { month: 'long', timeZone: 'UTC' })}>
      <div className="flex flex-col gap-3 p-4">
        {costs.error && <Notice tone="err">{messageOf(costs.error)}</Notice>}
        {costs.data && (
          <>
            <p className="text-xl font-semibold">
              <Money sum={costs.data.total} />
            </p>
            <SparkLine points={sparkPoints(days, 100, 16)} />
            <p className="text-xs text-second">Today {formatUsd(today)}</p>
            {costs.data.budgets.map(({ scope, period, spentUsd, limitUsd, percent }) => (
              <div key={`${scope} ${period}`} className="flex flex-col gap-1.5 text-xs">
                <p className="flex justify-between gap-2">
                  <span className="text-second">
                    {period === 'day' ? "The day's" : "The month's"} budget
                    {scope === 'server' ? ' of all projects' : ''}
                  </span>
                  <span className={percent >= 100 ? 'text-err-text' : percent >= 80 ? 'text-warn' : ''}>
                    {formatUsd(spentUsd)} of {formatUsd(limitUsd)}
                  </span>
                </p>
                <Meter part={percent / 100} />
              </div>
            ))}
          </>
        )}
      </div>
    </Panel>
  );
}
