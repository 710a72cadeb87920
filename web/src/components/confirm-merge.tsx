import { GitMerge } from 'lucide-react';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { codeOf } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';

const waysOut: Partial<Record<NonNullable<ReturnType<typeof codeOf>>, string>> = {
  merge_conflict:
    'Choose "Work the base in": an agent gets both sides and settles the conflict, then it is tested and reviewed again.',
  base_moved: 'Try again: the branch is then merged with the newest state of its base.',
  base_checkout_dirty: 'Commit or stash what is not committed in the main checkout, then merge again.',
  push_refused: 'Merge on the remote instead, or allow this machine to push.',
};

export function ConfirmMerge({ task, onClose }: { task: Task; onClose: () => void }) {
  const merge = useTaskAction(task.id);
  const code = codeOf(merge.error);
  const way = code && waysOut[code];
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Merge pull request #${task.pullRequest?.number ?? ''}`}
      description={
        <>
          <strong className="font-medium text-fg">{task.title}</strong> goes from{' '}
          <span className="mono wrap-anywhere text-fg">{task.branchName}</span> into the base branch. Its worktree is
          removed then, and tasks that wait for it may start.
        </>
      }
    >
      <div className="flex flex-col gap-4 p-4">
        {merge.isError && (
          <Notice tone="err">
            <p>{messageOf(merge.error)}</p>
            {way && <p className="mt-1 text-body">{way}</p>}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            disabled={merge.isPending}
            onClick={() => merge.mutate({ name: 'merge' }, { onSuccess: onClose })}
          >
            <GitMerge aria-hidden="true" />
            {merge.isPending ? 'Merging…' : 'Confirm merge'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
