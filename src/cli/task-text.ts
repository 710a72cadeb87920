/** A task in words, for people. */
import { colour, plain, table } from '#src/cli/output.ts';
import { toneOf } from '#src/cli/task-state.ts';
import type { Io } from '#src/cli/verb.ts';
import type { BatchTask, Task } from '#src/domain/task.ts';
import type { SetupStep } from '#src/domain/task-environment.ts';

type Out = Pick<Io, 'stdout' | 'isTTY' | 'columns'>;

/** One line: id, status, title, and what went wrong. */
export function taskLine(io: Out, task: Task): string {
  const error = task.error ? `\n${plain(task.error.message)}` : '';
  return `${task.id}  ${colour(io, toneOf(task.status), statusOf(task))}  ${plain(task.title)}${error}`;
}

/** As `running CODE` or `in review`. */
export const statusOf = (task: Pick<Task, 'status' | 'phase'>): string =>
  `${task.status.replace('_', ' ')}${task.status === 'running' && task.phase ? ` ${task.phase}` : ''}`;

/** As `FRONTEND_PORT=20010 BACKEND_PORT=20011`. */
export const portsText = (ports: Task['ports']): string =>
  Object.entries(ports)
    .map(([name, port]) => `${name}=${port}`)
    .join(' ');

/** As `passed after 3.2 s: npm run build`. */
export function setupText({ state, durationMs, command, summary }: SetupStep): string {
  const took = durationMs === null ? '' : ` after ${(durationMs / 1000).toFixed(1)} s`;
  const what = state === 'passed' && command === null ? summary : (command ?? '');
  return `${state}${took}${what ? `: ${what}` : ''}`;
}

/** Tasks that are none yet. */
export const plannedTable = (io: Out, tasks: readonly BatchTask[]): string =>
  table(
    io,
    ['KEY', 'TYPE', 'PRIORITY', 'WAITS FOR', 'TITLE'],
    tasks.map(({ key, type, priority, dependencies, title }) =>
      [key, type, priority, dependencies.join(', '), title].map(plain),
    ),
  );

/** Tasks that were created from keys. */
export const createdTable = (io: Out, tasks: readonly { id: string; key: string; title: string }[]): string =>
  table(
    io,
    ['TASK', 'KEY', 'TITLE'],
    tasks.map(({ id, key, title }) => [id, plain(key), plain(title)]),
  );
