import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { colour, dim, plain } from '#src/cli/output.ts';
import { ended } from '#src/cli/task-state.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import { followLogs } from '#src/client/stream.ts';
import { LogFilter, type LogLine, logLevels } from '#src/domain/log.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { SentraError } from '#src/errors.ts';

type Options = JsonOption & { phase?: string; level?: string; search?: string; follow?: true };

export function addLogs(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'logs',
    description: 'show the log of a task',
    examples: [
      'sentra task logs 01234567 --follow',
      'sentra task logs 01234567 --phase code,test --level warn,error',
      'sentra task logs 01234567 --search "not found" --json',
    ],
  })
    .addArgument(taskArgument())
    .option('--phase <phases>', `only these phases, separated by commas: ${phaseNames.join(', ')}`)
    .option('--level <levels>', `only these levels, separated by commas: ${logLevels.join(', ')}`)
    .option('--search <text>', 'only lines with this text')
    .option('-f, --follow', 'go on with new lines until the task ends; with --json, one document a line')
    .action((given: string, options: Options) => logs(io, given, options));
}

async function logs(io: Io, given: string, options: Options): Promise<void> {
  checkFilter(options);
  const client = await io.client();
  const taskId = await getTaskId(client, given);
  if (options.follow) return follow(io, taskId, options);
  const items: LogLine[] = [];
  for await (const line of storedLines(client, taskId, options)) items.push(line);
  if (options.json) io.stdout(`${JSON.stringify({ items, nextAfter: items.at(-1)?.seq ?? 0 }, null, 2)}\n`);
  else for (const line of items) io.stdout(`${lineText(io, line)}\n`);
}

function checkFilter({ phase, level }: Options): void {
  const parsed = LogFilter.safeParse({ phase, level });
  if (parsed.success) return;
  const valid = `phases are ${phaseNames.join(', ')}; levels are ${logLevels.join(', ')}`;
  throw new SentraError('invalid', `--${String(parsed.error.issues[0]?.path[0])} names an unknown value: ${valid}.`);
}

async function* storedLines(client: Client, taskId: string, options: Options, from = 0): AsyncGenerator<LogLine> {
  const { phase, level, search: q } = options;
  for (let after = from; ; ) {
    const page = await client.listLogs({ params: { taskId }, query: { phase, level, q, after, limit: 5000 } });
    yield* page.items;
    if (page.items.length < 5000) return;
    after = page.nextAfter;
  }
}

/** Prints lines as they come. A task that rests writes no more, so that is the end. */
async function follow(io: Io, taskId: string, options: Options): Promise<void> {
  const client = await io.client();
  const filter = LogFilter.parse({ phase: options.phase, level: options.level });
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  const wanted = options.search?.toLowerCase();
  let last = 0;
  const show = (line: LogLine) => {
    last = line.seq;
    if (wanted && !line.message.toLowerCase().includes(wanted)) return;
    io.stdout(`${options.json ? JSON.stringify(line) : lineText(io, line)}\n`);
  };
  const isOver = async () => ended(await client.getTask({ params: { id: taskId } }, { signal: io.signal }));
  const over = await isOver(); // also tells a wrong id or token before the stream is opened
  const following = over ? Promise.resolve() : followLogs(await io.connection(), { taskId, filter }, show, signal);
  following.catch(() => stop.abort());
  while (!over && !signal.aborted && !(await pauseThen(isOver, signal)));
  stop.abort();
  await following;
  io.signal.throwIfAborted();
  for await (const line of storedLines(client, taskId, options, last)) show(line);
}

async function pauseThen(check: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  await sleep(1000, undefined, { signal }).catch(() => {}); // aborted: the caller sees it
  return signal.aborted || check();
}

const tones = { debug: undefined, info: undefined, warn: 'waits', error: 'bad' } as const;

function lineText(io: Io, line: LogLine): string {
  const tone = tones[line.level];
  const level = line.level.padEnd(5);
  const head = dim(io, `${line.timestamp} ${(line.phase ?? '-').padEnd(6)}`);
  return `${head} ${tone ? colour(io, tone, level) : level} ${plain(line.message)}`;
}
