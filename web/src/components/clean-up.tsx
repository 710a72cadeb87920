import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Finding } from '#src/domain/clean-up.ts';
import { messageOf } from '#src/errors.ts';
import { formatBytes, plural } from '../format.ts';
import { api, resourcesQuery, systemQuery, worktreesQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';

/** Shows first what would go. */
export function CleanUp() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        Clean up
      </Button>
      {open && <CleanUpDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function CleanUpDialog({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const preview = useQuery({
    queryKey: ['clean-up'],
    queryFn: async ({ signal }) => (await api.cleanWorktrees({ body: { dryRun: true } }, { signal })).items,
    staleTime: 0,
    gcTime: 0,
  });
  const clean = useMutation({
    mutationFn: async () => (await api.cleanWorktrees({ body: { dryRun: false } })).items,
    onSettled: () =>
      Promise.all(
        [worktreesQuery, resourcesQuery, systemQuery].map(({ queryKey }) =>
          queryClient.invalidateQueries({ queryKey }),
        ),
      ),
  });
  const error = clean.error ?? preview.error;
  const items = clean.data ?? preview.data;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Clean up"
      description="What no task needs any more. Work that is not merged is saved first, and can be restored."
    >
      <div className="flex flex-col gap-4 p-4">
        {error && <Notice tone="err">{messageOf(error)}</Notice>}
        {items && (items.length === 0 ? <p>There is nothing to clean up.</p> : <Findings items={items} />)}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{clean.isSuccess || items?.length === 0 ? 'Close' : 'Not now'}</Button>
          {!clean.isSuccess && items && items.length > 0 && (
            <Button look="primary" disabled={clean.isPending} onClick={() => clean.mutate()}>
              {clean.isPending ? 'Cleaning up…' : `Clean up ${plural(items.length, 'thing')}`}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function Findings({ items }: { items: readonly Finding[] }) {
  return (
    <ul className="max-h-96 overflow-y-auto">
      {items.map((item) => (
        <li
          key={`${item.kind} ${item.path}`}
          className="flex flex-col gap-1 border-t border-line py-2 first:border-t-0"
        >
          <span className="flex gap-2">
            <span className="min-w-0 flex-1 wrap-anywhere">{item.problem ?? item.reason}</span>
            {item.bytes !== null && <span className="text-second">{formatBytes(item.bytes)}</span>}
            <span className="tag" data-tone={item.problem ? 'warn' : undefined}>
              {item.done ? 'done' : item.problem ? 'failed' : nameOf[item.action]}
            </span>
          </span>
          <span className="mono text-xs text-second wrap-anywhere">{item.path}</span>
        </li>
      ))}
    </ul>
  );
}

const nameOf: Record<Finding['action'], string> = {
  save_and_remove: 'save, remove',
  remove: 'remove',
  forget: 'forget',
  release: 'release',
  heal: 'put right',
  end: 'end',
};
