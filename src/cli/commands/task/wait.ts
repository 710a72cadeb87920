import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { ended, endsWell, restsAfter } from '#src/cli/task-state.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, positive, taskArgument } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import { followEvents } from '#src/client/stream.ts';
import type { Task } from '#src/domain/task.ts';

type Options = JsonOption & { timeout?: number };

/** How often a task is looked at when no event tells of a change: 2 s. */
const lookMs = 2_000;

export function addWait(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'wait',
    description: 'wait until a task ends: exit code 0 when well, 1 when failed or cancelled, 8 when time is up',
    examples: [
      'sentra task wait 01234567',
      'sentra task wait 01234567 --timeout 600 && npx sentra task merge 01234567',
    ],
  })
    .addArgument(taskArgument())
    .option('--timeout <seconds>', 'give up waiting after this time', positive)
    .action((given: string, options: Options) => wait(io, given, options));
}

async function wait(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const timeout = options.timeout ? AbortSignal.timeout(options.timeout * 1000) : undefined;
  const end = new AbortController();
  const signal = AbortSignal.any([io.signal, end.signal, ...(timeout ? [timeout] : [])]);
  const changes = watch(id);
  const stream = followEvents(await io.connection(), undefined, changes.notice, signal).catch(() => {}); // looking goes on without
  try {
    let found = await look(client, id);
    while (!found.over && !signal.aborted) {
      await changes.next(signal);
      found = await look(client, id);
    }
    io.signal.throwIfAborted();
    io.exitCode = found.over ? (found.well ? exitCodes.done : exitCodes.failed) : exitCodes.pending;
    print(io, options, found.task, (task) => taskLine(io, task));
  } finally {
    end.abort();
    await stream;
  }
}

async function look(client: Client, id: string): Promise<{ task: Task; over: boolean; well: boolean }> {
  const task = await client.getTask({ params: { id } });
  if (ended(task)) return { task, over: true, well: endsWell(task) };
  if (task.status !== 'pending' || task.adwId === null) return { task, over: false, well: false };
  const { items } = await client.listRuns({ params: { id } });
  const rests = restsAfter(task, items[0]);
  return { task, over: rests, well: rests };
}

/** Joins the events of one task into "something changed since you last asked". */
function watch(taskId: string) {
  let changed = false;
  let wake = () => {};
  return {
    notice(event: { taskId: string | null }) {
      if (event.taskId !== taskId) return;
      changed = true;
      wake();
    },
    async next(signal: AbortSignal): Promise<void> {
      if (!changed && !signal.aborted)
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            resolve();
          };
          const timer = setTimeout(done, lookMs);
          signal.addEventListener('abort', done, { once: true });
          wake = done;
        });
      changed = false;
    },
  };
}
