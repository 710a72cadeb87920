/** Everything a person may do with a task. What is allowed comes from `domain/actions.ts`, as on the server. */
import {
  Ban,
  Check,
  GitCompareArrows,
  GitMerge,
  type LucideIcon,
  Pencil,
  Play,
  RotateCw,
  SkipForward,
  Undo2,
  Upload,
  X,
} from 'lucide-react';
import { useState } from 'react';
import { type ActionName, whyNot } from '#src/domain/actions.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Task } from '#src/domain/task.ts';
import { phasesOf, type WorkflowType, workflowTypes } from '#src/domain/workflow.ts';
import { messageOf } from '#src/errors.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { ConfirmMerge } from './confirm-merge.tsx';
import { RequestChanges } from './request-changes.tsx';

export const actionLooks: Record<ActionName, { label: string; icon: LucideIcon }> = {
  start: { label: 'Start', icon: Play },
  cancel: { label: 'Cancel', icon: Ban },
  retry: { label: 'Retry', icon: RotateCw },
  skip: { label: 'Skip', icon: SkipForward },
  approve: { label: 'Approve', icon: Check },
  request_changes: { label: 'Request changes', icon: Pencil },
  merge: { label: 'Merge', icon: GitMerge },
  rework: { label: 'Work the base in', icon: GitCompareArrows },
  close: { label: 'Close', icon: X },
  push: { label: 'Push again', icon: Upload },
  revert: { label: 'Revert', icon: Undo2 },
};

/** Instead of a phase: goes on after the one that failed. */
const withoutFailed = 'without-failed';

type Props = {
  task: Task;
  /** Comments written on the diff, not sent yet. */
  drafts: readonly NewComment[];
  onSent: () => void;
  /** Only the one or two that matter most now, for the bar of a phone. */
  main?: boolean;
};

export function TaskActions({ task, drafts, onSent, main = false }: Props) {
  const action = useTaskAction(task.id);
  const [dialog, setDialog] = useState<'merge' | 'request_changes'>();
  const [workflowType, setWorkflowType] = useState<WorkflowType>(task.workflowType);
  const [fromPhase, setFromPhase] = useState<PhaseName | typeof withoutFailed>();
  const run = (name: ActionName) => {
    if (name === 'merge' || name === 'request_changes') setDialog(name);
    else if (name === 'start') action.mutate({ name, workflowType });
    else if (name === 'retry')
      action.mutate(fromPhase === withoutFailed ? { name, skipFailed: true } : { name, fromPhase });
    else action.mutate({ name });
  };
  const shown = main ? mainActions(task) : actionsOf(task);
  const primary = shown.find((name) => isPrimary(name) && !whyNot(name, task));
  if (main && shown.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      {shown.length === 0 && !main && <p className="text-second">{overWords[task.status]}</p>}
      <div className="grid grid-cols-2 gap-2">
        {shown.map((name) => (
          <ActionButton
            key={name}
            name={name}
            primary={name === primary}
            why={whyNot(name, task) ?? (action.isPending ? 'the last request is not answered yet' : undefined)}
            note={name === 'request_changes' && drafts.length ? `${drafts.length}` : undefined}
            wide={(!main && longNames.has(name)) || (shown.length % 2 === 1 && name === shown[0])}
            onRun={() => run(name)}
          />
        ))}
      </div>
      {!main && shown.includes('start') && !whyNot('start', task) && (
        <Select
          aria-label="Workflow"
          options={workflowTypes.map((value) => ({ value, label: `Workflow: ${value}` }))}
          value={workflowType}
          onValue={(value) => setWorkflowType(value as WorkflowType)}
        />
      )}
      {!main && !whyNot('retry', task) && (
        <Select
          aria-label="Retry from phase"
          options={[
            { value: '', label: 'Retry from where it stopped' },
            ...phasesOf[task.workflowType].map((value) => ({ value, label: `Retry from ${value}` })),
            ...(task.status === 'failed'
              ? [{ value: withoutFailed, label: 'Retry without the phase that failed' }]
              : []),
          ]}
          value={fromPhase ?? ''}
          onValue={(value) => setFromPhase((value || undefined) as typeof fromPhase)}
        />
      )}
      {action.isError && dialog === undefined && <Notice tone="err">{messageOf(action.error)}</Notice>}
      {dialog === 'merge' && <ConfirmMerge task={task} onClose={() => setDialog(undefined)} />}
      {dialog === 'request_changes' && (
        <RequestChanges task={task} drafts={drafts} onSent={onSent} onClose={() => setDialog(undefined)} />
      )}
    </div>
  );
}

/** They do not fit into half of the rail. */
const longNames: ReadonlySet<ActionName> = new Set(['request_changes', 'rework']);

type ButtonProps = {
  name: ActionName;
  primary: boolean;
  why: string | undefined;
  note: string | undefined;
  wide: boolean;
  onRun: () => void;
};

function ActionButton({ name, primary, why, note, wide, onRun }: ButtonProps) {
  const { label, icon: Icon } = actionLooks[name];
  return (
    <Button look={primary ? 'primary' : 'plain'} why={why} onClick={onRun} className={wide ? 'col-span-2' : ''}>
      <Icon aria-hidden="true" />
      {label}
      {note && <span className="kbd">{note}</span>}
    </Button>
  );
}

const isPrimary = (name: ActionName) => name === 'merge' || name === 'start' || name === 'retry';

const overWords: Partial<Record<Task['status'], string>> = {
  completed: 'It is done: nothing is left to do.',
  skipped: 'It was skipped: those that waited for it go on.',
};

/** Start is for what never ran or ended without a pull request, Retry for what ran. */
export function actionsOf(task: Task): ActionName[] {
  if (!whyNot('revert', task)) return ['revert'];
  if (overWords[task.status]) return [];
  if (task.pullRequest?.state === 'open')
    return ['merge', 'approve', 'request_changes', 'rework', 'retry', 'cancel', 'skip', 'close'];
  if (task.status === 'running') return ['cancel', 'retry', 'skip'];
  if (!whyNot('retry', task)) return ['retry', 'cancel', 'skip'];
  if (isClosedThere(task)) return ['push', 'start', 'cancel', 'skip'];
  return ['start', 'cancel', 'skip'];
}

/** Its work may be opened again where it is. */
const isClosedThere = (task: Task): boolean => task.pullRequest?.state === 'closed' && !whyNot('push', task);

function mainActions(task: Task): ActionName[] {
  if (!whyNot('merge', task)) return ['request_changes', 'merge'];
  if (!whyNot('retry', task)) return ['skip', 'retry'];
  if (isClosedThere(task)) return ['push', 'start'];
  if (!whyNot('start', task)) return ['start'];
  if (!whyNot('cancel', task)) return ['cancel'];
  return [];
}
