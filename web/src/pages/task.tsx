/** One task: what it is, how far it is, what it did, what it changed, and what a person may do about it. */
import { Tabs } from '@base-ui/react/tabs';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { Breadcrumb } from '../components/breadcrumb.tsx';
import { LogView } from '../components/log-view.tsx';
import { PriorityBars, priorityLabels, StatusTag, TypeIcon, typeLabels } from '../components/marks.tsx';
import { PhaseStepper } from '../components/phase-stepper.tsx';
import { TaskActions } from '../components/task-actions.tsx';
import { TaskBranch } from '../components/task-branch.tsx';
import { TaskDetails } from '../components/task-details.tsx';
import { TaskHistory } from '../components/task-history.tsx';
import { TaskRail } from '../components/task-rail.tsx';
import { TaskWhy } from '../components/task-why.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { formatCount } from '../format.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import type { LogChoice } from '../log-choice.ts';
import { diffQuery, logCountQuery, taskQuery } from '../queries.ts';
import type { TaskTab } from '../routes.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { Notice } from '../ui/notice.tsx';

export function TaskPage() {
  const { id } = useParams({ from: '/shell/tasks/$id' });
  const task = useQuery(taskQuery(id));
  return (
    <>
      <TopBar>
        <Crumb id={id} task={task.data} />
      </TopBar>
      {task.isError && (
        <div className="p-4">
          <Notice tone="err">{messageOf(task.error)}</Notice>
        </div>
      )}
      {task.data && <OneTask key={id} task={task.data} />}
    </>
  );
}

function Crumb({ id, task }: { id: string; task: Task | undefined }) {
  return (
    <Breadcrumb to="/" name="Board" id={id}>
      <CopyButton text={id} label="Copy id" />
      {task && <StatusTag status={task.status} until={task.waitsFor?.until ?? undefined} />}
    </Breadcrumb>
  );
}

const tabNames: Record<TaskTab, string> = { details: 'Details', progress: 'Progress', logs: 'Logs', branch: 'Branch' };
const tabKeys = Object.keys(tabNames) as TaskTab[];

function OneTask({ task }: { task: Task }) {
  const { tab = task.startedAt ? 'progress' : 'details', ...choice } = useSearch({ from: '/shell/tasks/$id' });
  const navigate = useNavigate({ from: '/tasks/$id' });
  const [drafts, setDrafts] = useState<NewComment[]>([]);
  const choose = useCallback(
    (next: LogChoice) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }),
    [navigate],
  );
  const open = (next: TaskTab) => void navigate({ search: (before) => ({ ...before, tab: next }) });
  useShortcuts({
    esc: () => void navigate({ to: '/', search: ({ project }) => ({ project }) }),
    ...Object.fromEntries(tabKeys.map((name, index) => [String(index + 1), () => open(name)])),
  });
  const actions = <TaskActions task={task} drafts={drafts} onSent={() => setDrafts([])} />;
  const wide = tab === 'logs' || tab === 'branch';
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <title>{`${task.title} · Sentra`}</title>
      <div className={`flex min-h-0 flex-1 ${tab === 'logs' ? '' : 'max-lg:block max-lg:overflow-y-auto'}`}>
        <Tabs.Root
          value={tab}
          onValueChange={(value) => open(value as TaskTab)}
          className="flex min-h-0 min-w-0 flex-1 flex-col"
        >
          <Head task={task} tab={tab} compact={wide} />
          <TabList task={task} />
          <Tabs.Panel value="details" className="min-h-0 flex-1 overflow-y-auto max-lg:overflow-visible">
            <TaskDetails task={task} />
          </Tabs.Panel>
          <Tabs.Panel value="progress" className="relative flex min-h-0 flex-1 flex-col">
            <TaskHistory task={task} />
          </Tabs.Panel>
          <Tabs.Panel value="logs" className="flex min-h-0 flex-1 flex-col">
            <LogView taskId={task.id} choice={choice} onChoice={choose} />
          </Tabs.Panel>
          <Tabs.Panel value="branch" className="flex min-h-0 flex-1 flex-col">
            <TaskBranch task={task} drafts={drafts} onDrafts={setDrafts} />
          </Tabs.Panel>
        </Tabs.Root>
        {tab !== 'logs' && <TaskRail task={task} actions={actions} />}
      </div>
      <div className="flex-none border-t border-line bg-surface p-3 pb-[max(12px,env(safe-area-inset-bottom))] empty:hidden md:hidden">
        <TaskActions task={task} drafts={drafts} onSent={() => setDrafts([])} main />
      </div>
    </div>
  );
}

function Head({ task, tab, compact }: { task: Task; tab: TaskTab; compact: boolean }) {
  // The phases say the one, the details the other.
  const isTold = task.status === 'running' || (task.status === 'failed' && tab === 'details');
  return (
    <div className={`flex-none px-6 pt-4 max-md:px-4 ${compact ? 'pb-0' : ''}`}>
      <div className={`flex flex-wrap items-center gap-2 ${tab === 'logs' ? 'max-md:*:[.tag]:hidden' : ''}`}>
        <h1 className={`w-full wrap-anywhere md:w-auto ${tab === 'logs' ? 'text-base md:text-xl' : 'text-xl'}`}>
          {task.title}
        </h1>
        <span className="tag">
          <TypeIcon type={task.type} />
          {typeLabels[task.type]}
        </span>
        <span className="tag">
          <PriorityBars priority={task.priority} />
          {priorityLabels[task.priority]}
        </span>
      </div>
      {!compact && <PhaseStepper task={task} />}
      {!isTold && <TaskWhy task={task} className={`mt-3 lg:hidden ${tab === 'logs' ? 'max-md:hidden' : ''}`} />}
    </div>
  );
}

function TabList({ task }: { task: Task }) {
  const { data: lines } = useQuery(logCountQuery(task.id));
  const { data: diff } = useQuery({ ...diffQuery(task.id), enabled: task.branchName !== null });
  const notes: Partial<Record<TaskTab, string>> = {
    logs: lines ? formatCount(lines) : '',
    branch: diff?.files.length ? `${diff.files.length} ${diff.files.length === 1 ? 'file' : 'files'}` : '',
  };
  return (
    <Tabs.List className="mt-3 flex flex-none gap-6 overflow-x-auto border-b border-line px-6 max-md:gap-5 max-md:px-4">
      {tabKeys.map((name) => (
        <Tabs.Tab key={name} value={name} className="tab">
          {tabNames[name]}
          {notes[name] && (
            <span aria-hidden="true" className="text-xs font-normal text-second max-md:hidden">
              {notes[name]}
            </span>
          )}
        </Tabs.Tab>
      ))}
    </Tabs.List>
  );
}
