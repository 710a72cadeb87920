/** How much may be spent: meters of what has been, and the limits themselves to change. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { type BudgetLimits, type BudgetMeter, type BudgetPeriod, budgetPeriods } from '#src/domain/budget.ts';
import type { Budget } from '#src/domain/cost.ts';
import type { Project } from '#src/domain/project.ts';
import { messageOf } from '#src/errors.ts';
import { formatUntil, formatUsd } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { api, budgetQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Meter } from '../ui/meter.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

/** Of a project, or of all of them together. */
export function BudgetPanel({ project }: { project: Project | undefined }) {
  const { data: budget, error } = useQuery(budgetQuery({ projectId: project?.id }));
  const [editing, setEditing] = useState(false);
  const edit = (
    <Button size="small" disabled={!budget} onClick={() => setEditing(true)}>
      <Pencil aria-hidden="true" />
      Edit
    </Button>
  );
  return (
    <Panel title={project ? `Budget of ${project.name}` : 'Budget of all projects'} note={edit}>
      <div className="flex flex-col gap-4 p-4">
        {error && <Notice tone="err">{messageOf(error)}</Notice>}
        {budget && <Limits budget={budget} />}
      </div>
      {editing && budget && <BudgetForm budget={budget} project={project} onClose={() => setEditing(false)} />}
    </Panel>
  );
}

const names: Record<BudgetPeriod, string> = {
  session: 'A session',
  task: 'A task',
  day: 'A day',
  month: 'A month',
};

function Limits({ budget: { meters, limits, file } }: { budget: Budget }) {
  const each = (['session', 'task'] as const).flatMap((period) => {
    const usd = limits[`${period}Usd`] ?? file[`${period}Usd`];
    return usd === undefined ? [] : [`${names[period]} may cost ${formatUsd(usd)}.`];
  });
  if (meters.length === 0 && each.length === 0)
    return (
      <p className="text-second">
        Nothing limits what may be spent. With a budget, work waits before it costs more, and a session that passes it
        is ended with its work kept.
      </p>
    );
  return (
    <>
      {meters.map((meter) => (
        <OneMeter key={`${meter.scope} ${meter.period}`} meter={meter} />
      ))}
      {each.length > 0 && <p className="text-xs text-second">{each.join(' ')}</p>}
    </>
  );
}

function OneMeter({ meter }: { meter: BudgetMeter }) {
  const { scope, period, spentUsd, limitUsd, percent, reservedUsd, until, from, unknownSessions } = meter;
  const now = useNow(true, 60_000);
  const title = `${period === 'day' ? 'Today' : 'This month'}${scope === 'server' ? ', all projects' : ''}`;
  const tone = percent >= 100 ? 'text-err-text' : percent >= 80 ? 'text-warn' : 'text-second';
  const notes = [
    from === 'sentra.json' ? 'set in sentra.json' : '',
    reservedUsd > 0 ? `${formatUsd(reservedUsd)} reserved by runs at work` : '',
    until ? `begins anew ${formatUntil(until, now)}` : '',
    unknownSessions > 0 ? `${unknownSessions} without a price not counted` : '',
  ].filter(Boolean);
  return (
    <div className="flex flex-col gap-1.5" data-budget={`${scope} ${period}`}>
      <p className="flex items-baseline gap-2">
        <span className="text-second">{title}</span>
        <span className="ml-auto whitespace-nowrap">
          <strong className="font-semibold">{formatUsd(spentUsd)}</strong> of {formatUsd(limitUsd)}
        </span>
        <span className={`w-12 flex-none text-right ${tone}`}>{percent} %</span>
      </p>
      <Meter part={spentUsd / limitUsd} />
      <p className="text-xs text-second">{notes.join(' · ')}</p>
    </div>
  );
}

type FormProps = { budget: Budget; project: Project | undefined; onClose: () => void };

function BudgetForm({ budget, project, onClose }: FormProps) {
  const textOf = (limits: BudgetLimits, period: BudgetPeriod) => limits[`${period}Usd`]?.toString() ?? '';
  const [texts, setTexts] = useState(() =>
    Object.fromEntries(budgetPeriods.map((period) => [period, textOf(budget.limits, period)])),
  );
  const queryClient = useQueryClient();
  const keep = useMutation({
    mutationFn: () => {
      const limits = Object.fromEntries(
        budgetPeriods.map((period) => [`${period}Usd`, texts[period]?.trim() ? Number(texts[period]) : null]),
      );
      return api.patchBudget({ body: { ...(project ? { projectId: project.id } : {}), ...limits } });
    },
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: ['costs'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={project ? `Budget of ${project.name}` : 'Budget of all projects'}
      description="In US dollars; an empty field sets no limit here. Days and months are those of UTC. What waits for a budget goes on within seconds."
    >
      <form onSubmit={submit} className="flex flex-col gap-4 p-4">
        <div className="grid grid-cols-2 gap-4">
          {budgetPeriods.map((period) => (
            <Field key={period} label={names[period]} hint={hintOf(budget.file, period)}>
              {(props) => (
                <input
                  {...props}
                  type="number"
                  min="0.000001"
                  step="any"
                  inputMode="decimal"
                  className="field"
                  placeholder={textOf(budget.file, period) || 'no limit'}
                  value={texts[period]}
                  onChange={(event) => setTexts({ ...texts, [period]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </div>
        {keep.isError && <Notice tone="err">{messageOf(keep.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={keep.isPending}>
            Keep budget
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function hintOf(file: BudgetLimits, period: BudgetPeriod): string | undefined {
  const usd = file[`${period}Usd`];
  return usd === undefined ? undefined : `sentra.json says ${formatUsd(usd)}`;
}
