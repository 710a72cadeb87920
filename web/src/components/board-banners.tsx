/** Above the board: what keeps tasks from starting, per agent or project, each with its button. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleDollarSign, CirclePause, TriangleAlert, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Breaker } from '#src/domain/breaker.ts';
import type { BudgetMeter } from '#src/domain/budget.ts';
import type { Project } from '#src/domain/project.ts';
import { messageOf } from '#src/errors.ts';
import { formatUntil, formatUsd } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { useUsedUp } from '../hooks/use-used-up.ts';
import { api, breakersQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/code.tsx';

/** `projects`: those that the board shows. */
export function BoardBanners({ projects }: { projects: readonly Project[] }) {
  const { data: breakers = [] } = useQuery(breakersQuery);
  const usedUp = useUsedUp(projects);
  return (
    <div className="max-h-[40dvh] flex-none overflow-y-auto empty:hidden">
      {breakers.map((breaker) => {
        const project = projects.find(({ id }) => id === breaker.projectId);
        return project && <BreakerBanner key={`${project.id} ${breaker.agent}`} breaker={breaker} project={project} />;
      })}
      {projects.map((project) => {
        const meter = usedUp.get(project.id);
        return meter && <BudgetBanner key={`budget ${project.id}`} project={project} meter={meter} />;
      })}
      {projects
        .filter(({ paused }) => paused)
        .map((project) => (
          <PausedBanner key={project.id} project={project} />
        ))}
      {projects
        .filter(({ problem }) => problem)
        .map((project) => (
          <Banner key={project.id} icon={TriangleAlert}>
            <strong>{project.name}</strong>: <Code text={project.problem ?? ''} />
          </Banner>
        ))}
    </div>
  );
}

function BreakerBanner({ breaker, project }: { breaker: Breaker; project: Project }) {
  const { agent, state, failures, message, until } = breaker;
  const now = useNow(true, 5_000);
  const queryClient = useQueryClient();
  const close = useMutation({
    mutationFn: () => api.closeBreaker({ params: { id: project.id, agent } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: breakersQuery.queryKey }),
  });
  const isOpen = state === 'open' && now < Date.parse(until);
  const at = formatUntil(until, now);
  const button = (
    <Button
      size="small"
      aria-label={`Close the breaker of ${agent}`}
      disabled={close.isPending}
      onClick={() => close.mutate()}
    >
      {close.isPending ? 'Closing…' : 'Close'}
    </Button>
  );
  return (
    <Banner icon={Unplug} button={button} error={close.error}>
      <strong>
        {isOpen
          ? `${agent} starts nothing in ${project.name} until ${at}`
          : `${agent} may try one run in ${project.name}`}
      </strong>
      : {failures === 1 ? 'the last run' : `the last ${failures} runs`} failed with it.{' '}
      <Code text={firstLine(message)} />{' '}
      {isOpen
        ? `Mend it and close the breaker, else one run tries at ${at}.`
        : 'If that run fails too, it stops for longer. Close the breaker to let all start.'}
    </Banner>
  );
}

function BudgetBanner({ project, meter }: { project: Project; meter: BudgetMeter }) {
  const now = useNow(true, 60_000);
  const whose = meter.scope === 'server' ? 'of all projects' : `of ${project.name}`;
  const link = (
    <Link to="/costs" search={{ project: project.id }} className="btn btn-small">
      Costs
    </Link>
  );
  return (
    <Banner icon={CircleDollarSign} button={link}>
      <strong>
        The {meter.period}'s budget {whose} is used up
      </strong>
      : {formatUsd(meter.spentUsd)} of {formatUsd(meter.limitUsd)}. No phase starts in {project.name} until somebody
      raises it{meter.until && `, or it begins anew ${formatUntil(meter.until, now)}`}.
    </Banner>
  );
}

function PausedBanner({ project }: { project: Project }) {
  const queryClient = useQueryClient();
  const resume = useMutation({
    mutationFn: () => api.patchProject({ params: { id: project.id }, body: { paused: false } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['projects'] }),
  });
  const button = (
    <Button
      size="small"
      aria-label={`Resume ${project.name}`}
      disabled={resume.isPending}
      onClick={() => resume.mutate()}
    >
      Resume
    </Button>
  );
  return (
    <Banner icon={CirclePause} button={button} error={resume.error}>
      <strong>{project.name} is paused</strong>: nothing new starts. What runs goes on.
    </Banner>
  );
}

type Props = { icon: typeof Unplug; button?: ReactNode; error?: unknown; children: ReactNode };

function Banner({ icon: Icon, button, error, children }: Props) {
  return (
    <div
      role="status"
      className="flex flex-none items-start gap-2 border-b border-line bg-warn-tint px-4 py-2 text-xs max-md:px-3"
    >
      <Icon aria-hidden="true" className="mt-1.5 text-warn" />
      <p className="min-w-0 flex-1 py-1.5 text-body wrap-anywhere [&_strong]:font-medium [&_strong]:text-warn">
        {children}
        {error ? <span className="block text-err-text">{messageOf(error)}</span> : null}
      </p>
      {button}
    </div>
  );
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  const short = line.length > 200 ? `${line.slice(0, 199)}…` : line;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}
