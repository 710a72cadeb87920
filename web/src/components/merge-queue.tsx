import { Link } from '@tanstack/react-router';
import { shortId } from '#src/domain/ids.ts';
import type { MergeEntry } from '#src/domain/merge-queue.ts';
import { messageOf } from '#src/errors.ts';
import { formatSince } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

const looks: Record<MergeEntry['state'], { tone?: string; word: string }> = {
  waiting: { word: 'waiting' },
  testing: { tone: 'run', word: 'being tested' },
  merging: { tone: 'run', word: 'merging' },
  refused: { tone: 'warn', word: 'waits for you' },
};

/** Of one project: those in line, then those that were refused. Nothing when there are none. */
export function MergeQueue({ title, entries }: { title: string; entries: readonly MergeEntry[] }) {
  const now = useNow(entries.length > 0, 5_000);
  if (entries.length === 0) return null;
  const refused = entries.filter(({ state }) => state === 'refused').length;
  const inLine = entries.length - refused;
  const note = [inLine > 0 && `${inLine} in line`, refused > 0 && `${refused} for you to decide`];
  return (
    <Panel title={title} note={note.filter(Boolean).join(', ')}>
      <ol>
        {entries.map((entry) => (
          <Entry key={entry.taskId} entry={entry} now={now} />
        ))}
      </ol>
    </Panel>
  );
}

function Entry({ entry, now }: { entry: MergeEntry; now: number }) {
  const { taskId, title, state, ahead, message, requestedAt } = entry;
  const { tone, word } = looks[state];
  return (
    <li className="flex flex-col gap-2 border-t border-line px-4 py-3 first:border-t-0">
      <div className="flex min-w-0 items-center gap-3">
        <span className="mono w-6 flex-none text-right text-second">{ahead === null ? '' : ahead + 1}</span>
        <span className="dot flex-none" data-tone={tone} />
        <Link
          to="/tasks/$id"
          params={{ id: taskId }}
          search={({ project }) => ({ project, tab: 'branch' as const })}
          className="cut min-w-0 flex-1 font-medium hover:underline"
        >
          {title}
        </Link>
        <span className="flex-none text-xs text-second">{word}</span>
      </div>
      <div className="flex gap-3 pl-9 text-xs text-second">
        <span className="mono">task-{shortId(taskId)}</span>
        <span>asked for at {formatSince(requestedAt, now)}</span>
      </div>
      {state === 'refused' && <Refusal taskId={taskId} message={message ?? 'No reason is known.'} />}
      {state !== 'refused' && message && (
        <div className="pl-9">
          <Notice tone="info">{message}</Notice>
        </div>
      )}
    </li>
  );
}

const busy = 'it is being done';

function Refusal({ taskId, message }: { taskId: string; message: string }) {
  const action = useTaskAction(taskId);
  const [first = '', ...more] = message.split('\n');
  return (
    <div className="flex flex-col gap-2 pl-9">
      <Notice tone="warn">{first}</Notice>
      {more.length > 0 && <pre className="scroll-x max-h-48 overflow-auto text-xs text-second">{more.join('\n')}</pre>}
      <div className="flex gap-2">
        <Button size="small" why={action.isPending ? busy : undefined} onClick={() => action.mutate({ name: 'merge' })}>
          Merge again
        </Button>
        <Button
          size="small"
          why={action.isPending ? busy : undefined}
          onClick={() => action.mutate({ name: 'rework' })}
        >
          Let an agent work it in
        </Button>
      </div>
      {action.error && <Notice tone="err">{messageOf(action.error)}</Notice>}
    </div>
  );
}
