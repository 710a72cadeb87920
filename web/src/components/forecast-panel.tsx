import type { BudgetMeter } from '#src/domain/budget.ts';
import type { Forecast } from '#src/domain/forecast.ts';
import { formatUsd, plural } from '../format.ts';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

/** What the tasks that are left will come to, as far as finished ones tell. */
export function ForecastPanel({ forecast, budgets }: { forecast: Forecast; budgets: readonly BudgetMeter[] }) {
  const { likelyUsd, lowUsd, highUsd, tasks, phases, unknownPhases, examples } = forecast;
  const month = budgets.find(({ scope, period }) => scope === 'project' && period === 'month');
  const left = month && month.limitUsd - month.spentUsd;
  return (
    <Panel title="What is left to do" note={plural(tasks, 'task')}>
      <div className="flex flex-col gap-3 p-4">
        {phases === 0 ? (
          <p className="text-second">No task is left: nothing more will be spent.</p>
        ) : likelyUsd === null ? (
          <p className="text-second">
            Unknown: {plural(phases, 'phase')} to go, and fewer than three finished ones of any kind among them. It is
            told once a few tasks are done.
          </p>
        ) : (
          <>
            <p>
              <span className="text-lg font-semibold">
                {unknownPhases > 0 ? 'at least' : 'about'} {formatUsd(likelyUsd)}
              </span>{' '}
              <span className="text-second">
                {formatUsd(lowUsd ?? 0)} to {formatUsd(highUsd ?? 0)}
              </span>
            </p>
            <p className="text-xs text-second">
              From {plural(examples, 'finished phase')} of this project, by workflow and agent.
              {unknownPhases > 0 && ` ${unknownPhases} of ${phases} phases have too few examples.`}
            </p>
          </>
        )}
        {left !== undefined && likelyUsd !== null && likelyUsd > left && (
          <Notice tone="warn">{`That is more than the month's budget has left, ${formatUsd(Math.max(0, left))}: tasks will wait.`}</Notice>
        )}
      </div>
    </Panel>
  );
}
