import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RotateCcw, Square, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { Analysis, AnalysisStatus } from '#src/domain/analysis.ts';
import { messageOf } from '#src/errors.ts';
import { analysisQuery, api } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';

type Action = 'stop' | 'again' | 'discard';

const looks = {
  stop: { label: 'Stop', icon: Square, asks: undefined },
  again: {
    label: 'Analyze again',
    icon: RotateCcw,
    asks: 'The agent reads everything anew. This proposal goes, with what you changed in it.',
  },
  discard: { label: 'Throw away', icon: Trash2, asks: 'No task is created, and the proposal cannot be edited again.' },
} as const;

const actionsOf: Record<AnalysisStatus, readonly Action[]> = {
  queued: ['stop'],
  running: ['stop'],
  proposed: ['again', 'discard'],
  approved: [],
  failed: ['again'],
  cancelled: ['again'],
};

/** What may be done with an analysis as a whole; what would lose a proposal is asked for twice. */
export function AnalysisActions({ id, status }: Pick<Analysis, 'id' | 'status'>) {
  const [asked, setAsked] = useState<Action>();
  const queryClient = useQueryClient();
  const act = useMutation({
    mutationFn: (action: Action) =>
      action === 'again' ? api.retryAnalysis({ params: { id } }) : api.cancelAnalysis({ params: { id } }),
    onSuccess: (analysis) => {
      setAsked(undefined);
      queryClient.setQueryData(analysisQuery(id).queryKey, analysis);
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['analyses'] }),
  });
  const refusal = act.isError && <Notice tone="err">{messageOf(act.error)}</Notice>;
  return (
    <>
      {!asked && refusal}
      {actionsOf[status].map((action) => {
        const { label, icon: Icon } = looks[action];
        const isLost = status === 'proposed';
        return (
          <Button
            key={action}
            disabled={act.isPending}
            onClick={() => (isLost ? setAsked(action) : act.mutate(action))}
          >
            <Icon aria-hidden="true" />
            {label}
          </Button>
        );
      })}
      {asked && (
        <Dialog
          open
          onOpenChange={() => setAsked(undefined)}
          title={looks[asked].label}
          description={looks[asked].asks}
        >
          <div className="flex flex-col gap-4 p-4">
            {refusal}
            <div className="flex justify-end gap-2">
              <Button onClick={() => setAsked(undefined)}>Not now</Button>
              <Button look="primary" disabled={act.isPending} onClick={() => act.mutate(asked)}>
                {looks[asked].label}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
