/** What a run did when: a waterfall of its spans, and its replay. Which run is in the address. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChartNoAxesGantt, Download } from 'lucide-react';
import { useState } from 'react';
import type { Timeline } from '#src/domain/span.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { formatClock, formatCost, formatCount, formatDuration, milliseconds } from '../format.ts';
import { useServerNow } from '../hooks/use-now.ts';
import { exportPath } from '../paths.ts';
import { timelineQuery } from '../queries.ts';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { RunReplay } from './run-replay.tsx';
import { TimelineChart } from './timeline-chart.tsx';

export function TaskTimeline({ task }: { task: Task }) {
  const { run } = useSearch({ from: '/shell/tasks/$id' });
  const { data: timeline, error, isError } = useQuery(timelineQuery(task.id, run));
  if (isError)
    return (
      <div className="p-4">
        <Notice tone="err">{messageOf(error)}</Notice>
      </div>
    );
  if (!timeline) return null;
  if (timeline.spans.length === 0)
    return (
      <Empty icon={ChartNoAxesGantt} title="Nothing to show yet">
        <p>
          As soon as a run has begun, its phases, tool calls, tests and waits appear here, with what each took and cost.
        </p>
      </Empty>
    );
  return <OneTimeline key={timeline.run?.adwId} task={task} timeline={timeline} />;
}

function OneTimeline({ task, timeline }: { task: Task; timeline: Timeline }) {
  const { run, spans } = timeline;
  const [all, setAll] = useState(false);
  /** The moment of a replay, in milliseconds of the epoch. */
  const [cursor, setCursor] = useState<number>();
  const now = useServerNow(
    timeline.now,
    spans.some(({ endedAt }) => endedAt === null),
  );
  return (
    <>
      <div className="flex flex-none flex-wrap items-center gap-x-4 gap-y-2 px-6 pt-3 max-md:px-4">
        <RunChoice timeline={timeline} />
        <RunSum timeline={timeline} now={now} />
        <span className="flex-1" />
        <button type="button" className="chip" aria-pressed={all} onClick={() => setAll(!all)}>
          Every step
        </button>
        {run && <ExportLinks taskId={task.id} adwId={run.adwId} />}
      </div>
      {timeline.cut && (
        <p className="px-6 pt-2 text-xs text-second max-md:px-4">
          This run has more tool calls than are shown: the export has all of them.
        </p>
      )}
      <TimelineChart spans={spans} now={now} all={all} cursor={cursor} />
      {run && <RunReplay taskId={task.id} run={run} onMoment={setCursor} />}
    </>
  );
}

function RunChoice({ timeline: { run, runs } }: { timeline: Timeline }) {
  const navigate = useNavigate({ from: '/tasks/$id' });
  if (!run || runs.length < 2) return null;
  return (
    <Select
      aria-label="Run"
      className="select-quiet"
      value={run.adwId}
      onValue={(adwId) => void navigate({ search: (before) => ({ ...before, run: adwId }), replace: true })}
      options={runs.map(({ adwId, workflowType, status, createdAt }, at) => ({
        value: adwId,
        label: `Run ${runs.length - at}, ${formatClock(createdAt)}: ${workflowType} ${status}`,
      }))}
    />
  );
}

function RunSum({ timeline: { run, spans }, now }: { timeline: Timeline; now: number }) {
  const { cost } = spans.find(({ kind }) => kind === 'run') ?? {};
  const took = run && milliseconds(run.createdAt, run.endedAt, now);
  const tools = spans.filter(({ kind }) => kind === 'tool').length;
  const told = [
    took === null || took === undefined ? '' : formatDuration(took),
    cost && cost.usd !== null ? formatCost(cost.usd) : '',
    cost?.tokens ? `${formatCount(cost.tokens)} tokens` : '',
    tools ? `${formatCount(tools)} tool ${tools === 1 ? 'call' : 'calls'}` : '',
  ];
  return <span className="text-second">{told.filter(Boolean).join(' · ')}</span>;
}

function ExportLinks({ taskId, adwId }: { taskId: string; adwId: string }) {
  return (
    <span className="flex items-center gap-2">
      <a
        className="btn btn-small"
        href={exportPath(taskId, adwId, 'json')}
        download
        title="All that is known of this run, as one file"
      >
        <Download aria-hidden="true" />
        JSON
      </a>
      <a
        className="btn btn-small"
        href={exportPath(taskId, adwId, 'otlp')}
        download
        title="Its spans as OpenTelemetry traces"
      >
        <Download aria-hidden="true" />
        OTLP
      </a>
    </span>
  );
}
