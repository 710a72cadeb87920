import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import type { Analysis } from '#src/domain/analysis.ts';
import { messageOf } from '#src/errors.ts';
import { whyNotCreate } from '../analyst.ts';
import { plural } from '../format.ts';
import type { Proposal } from '../hooks/use-proposal.ts';
import { api } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Notice } from '../ui/notice.tsx';

/** Makes tasks of the proposal as it stands, and goes where they are seen. */
export function CreateProposed({ analysis, proposal }: { analysis: Analysis; proposal: Proposal }) {
  const { id, problems } = analysis;
  const { tasks, settle, error } = proposal;
  const [start, setStart] = useState(false);
  const startId = useId();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: async () => {
      const version = await settle();
      return (await api.approveAnalysis({ params: { id }, body: { start, version } })).items;
    },
    onSuccess: async (created) => {
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
      const isLinked = created.some(({ dependencies }) => dependencies.length > 0);
      await navigate({ to: isLinked ? '/graph' : '/', search: ({ project }) => ({ project }) });
      void queryClient.invalidateQueries({ queryKey: ['analyses'] });
    },
  });
  return (
    <>
      <span className="flex items-center gap-2 max-md:min-h-11 md:ml-auto">
        <Checkbox id={startId} checked={start} onChecked={setStart} />
        <label htmlFor={startId}>Start them as their dependencies allow</label>
      </span>
      <Button
        look="primary"
        className="max-md:w-full"
        disabled={create.isPending}
        why={whyNotCreate(tasks, problems)}
        onClick={() => create.mutate()}
      >
        Create {plural(tasks.length, 'task')}
      </Button>
      {create.isError && !error && (
        <div className="w-full">
          <Notice tone="err">{messageOf(create.error)}</Notice>
        </div>
      )}
    </>
  );
}
