import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { listAllTasks } from '#src/cli/find.ts';
import { colour, plain } from '#src/cli/output.ts';
import { ended, endsWell, toneOf } from '#src/cli/task-state.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { Task } from '#src/domain/task.ts';

export function addDemo(program: Command, io: Io): void {
  addVerb(program, {
    name: 'demo',
    description: 'make the demo project on the running server and follow its tasks until they rest',
    examples: ['sentra demo'],
  }).action((options: JsonOption) => demo(io, options));
}

async function demo(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  const say = (line: string) => (options.json ? undefined : io.stdout(`${line}\n`));
  const { project } = await io.demo(client, say);
  const seen = new Map<string, string>();
  let tasks = await listAllTasks(client, { projectId: project.id });
  for (;;) {
    for (const task of tasks) announce(io, task, seen, say);
    if (tasks.every(ended)) break;
    await wait(1000, undefined, { signal: io.signal });
    tasks = await listAllTasks(client, { projectId: project.id });
  }
  if (options.json) io.stdout(`${JSON.stringify({ project, tasks }, null, 2)}\n`);
  else say('All tasks are merged or wait for a person: `npx sentra open` shows them.');
  if (!tasks.every(endsWell)) io.exitCode = exitCodes.failed;
}

function announce(io: Io, task: Task, seen: Map<string, string>, say: (line: string) => void): void {
  const state = task.status === 'running' && task.phase ? task.phase : task.status.replace('_', ' ');
  if (seen.get(task.id) === state) return;
  seen.set(task.id, state);
  const why = task.error ? `: ${plain(task.error.message)}` : '';
  say(`${colour(io, toneOf(task.status), state.padEnd(10))} ${plain(task.title)}${why}`);
}
