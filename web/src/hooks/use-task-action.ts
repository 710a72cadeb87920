import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { PhaseName } from '#src/domain/phase.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { WorkflowType } from '#src/domain/workflow.ts';
import { api } from '../queries.ts';

export type TaskAction =
  | { name: 'start'; workflowType?: WorkflowType; fromPhase?: PhaseName }
  | { name: 'retry'; fromPhase?: PhaseName; skipFailed?: boolean }
  | { name: 'request_changes'; comments: NewComment[] }
  | { name: 'cancel' | 'skip' | 'approve' | 'merge' | 'rework' | 'close' | 'push' | 'revert' };

/** Does what a button says, then asks for the task again. */
export function useTaskAction(id: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (action: TaskAction) => perform(id, action),
    onSettled: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ['task', id] }),
        queryClient.invalidateQueries({ queryKey: ['tasks'] }),
      ]),
  });
}

export type TaskActionMutation = ReturnType<typeof useTaskAction>;

/** What a button says. */
export function perform(id: string, action: TaskAction): Promise<unknown> {
  const params = { id };
  switch (action.name) {
    case 'start':
      return api.executeTask({
        params: { taskId: id },
        body: { workflowType: action.workflowType, fromPhase: action.fromPhase },
      });
    case 'retry':
      return api.retryTask({ params, body: { fromPhase: action.fromPhase, skipFailed: action.skipFailed } });
    case 'request_changes':
      return api.requestChanges({ params, body: { comments: action.comments } });
    case 'cancel':
      return api.cancelTask({ params });
    case 'skip':
      return api.skipTask({ params });
    case 'approve':
      return api.approveTask({ params });
    case 'merge':
      return api.mergeTask({ params });
    case 'rework':
      return api.reworkTask({ params });
    case 'revert':
      return api.revertTask({ params });
    case 'push':
      return api.pushTask({ params });
    case 'close':
      return api.closeTask({ params });
  }
}
