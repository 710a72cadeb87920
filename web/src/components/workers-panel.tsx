import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Worker } from '#src/domain/worker.ts';
import { messageOf } from '#src/errors.ts';
import { formatDuration, formatSince, plural } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { api, workersQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/code.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Meter } from '../ui/meter.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

const looks: Record<Worker['state'], { tone?: string; word: string; means?: string }> = {
  alive: { tone: 'ok', word: 'ready' },
  draining: { tone: 'warn', word: 'draining', means: 'It finishes what it has and takes nothing more.' },
  lapsed: { tone: 'err', word: 'not heard of', means: 'Others take over what it had begun.' },
  stopped: { word: 'stopped' },
};

/** The processes that execute runs. Those that stopped today are only counted. */
export function WorkersPanel() {
  const { data: workers, error } = useQuery(workersQuery);
  const [draining, setDraining] = useState<Worker>();
  const now = useNow(true, 5_000);
  const present = workers?.filter(({ state }) => state !== 'stopped') ?? [];
  const stopped = (workers?.length ?? 0) - present.length;
  const others = present.filter(({ id, state }) => state === 'alive' && id !== draining?.id);
  return (
    <Panel title="Workers" note={workers && (stopped ? `${present.length}, ${stopped} stopped today` : present.length)}>
      {error && (
        <div className="p-4">
          <Notice tone="err">{messageOf(error)}</Notice>
        </div>
      )}
      {workers && present.length === 0 && (
        <p className="p-4 text-second">
          <Code text="There is none, so nothing runs: tasks wait. `npx sentra worker` on the server's machine starts one." />
        </p>
      )}
      <ul>
        {present.map((worker) => (
          <WorkerRow key={worker.id} worker={worker} now={now} onDrain={() => setDraining(worker)} />
        ))}
      </ul>
      {draining && (
        <DrainDialog worker={draining} isLast={others.length === 0} onClose={() => setDraining(undefined)} />
      )}
    </Panel>
  );
}

function WorkerRow({ worker, now, onDrain }: { worker: Worker; now: number; onDrain: () => void }) {
  const { tone, word, means } = looks[worker.state];
  return (
    <li className="flex flex-col gap-2 border-t border-line px-4 py-3 text-xs first:border-t-0">
      <div className="flex items-center gap-2">
        <span className="dot" data-tone={tone} />
        <span className="mono cut flex-1 text-sm">{worker.id}</span>
        <Button
          size="small"
          aria-label={`Drain ${worker.id}`}
          why={worker.state === 'alive' ? undefined : `it is ${word}`}
          onClick={onDrain}
        >
          Drain
        </Button>
      </div>
      <div className="flex items-center gap-3">
        <span className="flex-1">
          <Meter part={worker.running / Math.max(1, worker.slots)} />
        </span>
        <span>
          {worker.running} of {plural(worker.slots, 'slot')}
        </span>
      </div>
      <p className="flex flex-wrap gap-x-1 text-second" title={`Since ${formatSince(worker.startedAt, now)}`}>
        <span className="text-fg">{worker.state === 'alive' && worker.running ? 'at work' : word}</span>
        <span className="wrap-anywhere">
          on {worker.host} (process {worker.pid}), seen {formatDuration(now - Date.parse(worker.seenAt))} ago
        </span>
      </p>
      {means && <p className="text-second">{means}</p>}
    </li>
  );
}

type DrainProps = { worker: Worker; isLast: boolean; onClose: () => void };

function DrainDialog({ worker, isLast, onClose }: DrainProps) {
  const queryClient = useQueryClient();
  const drain = useMutation({
    mutationFn: () => api.drainWorker({ params: { id: worker.id } }),
    onSuccess: onClose,
    onSettled: () => queryClient.invalidateQueries({ queryKey: workersQuery.queryKey }),
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Drain ${worker.id}`}
      description={`It finishes ${worker.running ? `the ${plural(worker.running, 'run')} that it has` : 'what it has'} and takes nothing more, until it is started again.`}
    >
      <div className="flex flex-col gap-4 p-4">
        {isLast && (
          <Notice tone="warn">
            No other worker takes work: nothing new starts until another one does, or this one is started again.
          </Notice>
        )}
        {drain.isError && <Notice tone="err">{messageOf(drain.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button look="primary" disabled={drain.isPending} onClick={() => drain.mutate()}>
            {drain.isPending ? 'Asking it…' : 'Drain'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
