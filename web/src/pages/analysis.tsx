/** One analysis: what its agent says, then the proposal to edit, then the tasks that came of it. */
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Workflow } from 'lucide-react';
import type { Analysis } from '#src/domain/analysis.ts';
import { messageOf } from '#src/errors.ts';
import { AnalysisActions } from '../components/analysis-actions.tsx';
import { AnalysisTag } from '../components/analysis-tag.tsx';
import { AnalysisTalk } from '../components/analysis-talk.tsx';
import { Breadcrumb } from '../components/breadcrumb.tsx';
import { ProposalView } from '../components/proposal-view.tsx';
import { TaskList } from '../components/task-list.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { formatCost, formatDuration, milliseconds } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { analysisQuery, tasksQuery } from '../queries.ts';
import { Notice } from '../ui/notice.tsx';

export function AnalysisPage() {
  const { id } = useParams({ from: '/shell/analyst/$id' });
  const { data: analysis, error } = useQuery(analysisQuery(id));
  return (
    <>
      <title>{analysis ? `${analysis.name} · Analyst · Sentra` : 'Analyst · Sentra'}</title>
      <TopBar>
        <Breadcrumb to="/analyst" name="Analyst" id={id} />
      </TopBar>
      {error && (
        <div className="p-4">
          <Notice tone="err">{messageOf(error)}</Notice>
        </div>
      )}
      {analysis && <OneAnalysis key={id} analysis={analysis} />}
    </>
  );
}

function OneAnalysis({ analysis }: { analysis: Analysis }) {
  const { id, status, error } = analysis;
  const isActive = status === 'queued' || status === 'running';
  return (
    <div className="flex min-h-0 flex-1 flex-col max-md:overflow-y-auto">
      <Head analysis={analysis} isActive={isActive} />
      {status === 'proposed' && <ProposalView analysis={analysis} />}
      {status === 'approved' && <Created analysis={analysis} />}
      {status !== 'proposed' && status !== 'approved' && (
        <div className="flex min-h-0 flex-1 flex-col gap-4 p-4 max-md:min-h-80">
          {error && <Notice tone={status === 'failed' ? 'err' : 'info'}>{error.message}</Notice>}
          <AnalysisTalk id={id} isActive={isActive} />
        </div>
      )}
    </div>
  );
}

function Head({ analysis, isActive }: { analysis: Analysis; isActive: boolean }) {
  const { name, status, createdAt, startedAt, endedAt, costUsd } = analysis;
  const now = useNow(isActive);
  const tookMs = milliseconds(startedAt ?? createdAt, endedAt, now);
  const isTimed = isActive || startedAt !== null;
  return (
    <div className="flex flex-none flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2">
      <h1 className="min-w-0 text-lg wrap-anywhere max-md:w-full">{name}</h1>
      <AnalysisTag status={status} />
      <span className="text-second">
        {[isTimed && tookMs !== undefined && formatDuration(tookMs), costUsd !== null && formatCost(costUsd)]
          .filter(Boolean)
          .join(' · ')}
      </span>
      <span className="ml-auto flex flex-wrap items-center gap-2">
        <AnalysisActions id={analysis.id} status={status} />
      </span>
    </div>
  );
}

/** The tasks that the proposal has become. */
function Created({ analysis: { projectId, tasks: proposed, taskIds } }: { analysis: Analysis }) {
  const { data: tasks, error } = useQuery(tasksQuery(projectId));
  const byId = new Map(tasks?.map((task) => [task.id, task]));
  const created = proposed.flatMap(({ key }) => byId.get(taskIds[key] ?? '') ?? []);
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4 max-md:flex-none">
      {error && <Notice tone="err">{messageOf(error)}</Notice>}
      <Link to="/graph" search={({ project }) => ({ project })} className="btn self-start">
        <Workflow aria-hidden="true" />
        Open the graph
      </Link>
      {tasks && <TaskList title="Tasks" tasks={created} empty="None of these tasks is there any more." />}
    </div>
  );
}
