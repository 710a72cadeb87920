import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { addLogOptions, type LogOptions, selectionOf } from '#src/cli/log-options.ts';
import { lineText } from '#src/cli/log-text.ts';
import { ended } from '#src/cli/task-state.ts';
import { addVerb, choice, type Io, type JsonOption, positive, taskArgument } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import { followLogs } from '#src/client/stream.ts';
import { LogFilter, type LogLine, logFormats } from '#src/domain/log.ts';
import { SentraError } from '#src/errors.ts';

type Options = JsonOption &
  LogOptions & { around?: number; context: number; download?: 'text' | 'jsonl'; follow?: true };

export function addLogs(noun: Command, io: Io): void {
  const verb = addVerb(noun, {
    name: 'logs',
    description: 'show the log of a task',
    examples: [
      'sentra task logs 01234567 --follow',
      'sentra task logs 01234567 --phase code,test --level warn,error --since 2h',
      'sentra task logs 01234567 --search "time(d )?out" --regex --json',
      'sentra task logs 01234567 --around 4711',
      'sentra task logs 01234567 --download jsonl > log.jsonl',
    ],
  }).addArgument(taskArgument());
  addLogOptions(verb)
    .addOption(new Option('--around <number>', 'the line with this number and those beside it').argParser(positive))
    .addOption(new Option('--context <count>', 'how many lines on either side of it').argParser(positive).default(20))
    .addOption(choice('--download <format>', 'write the whole file to standard output', logFormats))
    .option('-f, --follow', 'go on with new lines until the task ends; with --json, one document a line')
    .action((given: string, options: Options) => logs(io, given, options));
}

async function logs(io: Io, given: string, options: Options): Promise<void> {
  const selection = selectionOf(options);
  const client = await io.client();
  const taskId = await getTaskId(client, given);
  if (options.download)
    return download(io, client, { params: { taskId }, query: { ...selection, format: options.download } });
  if (options.follow) return follow(io, taskId, options);
  const lines = options.around ? linesAround(client, taskId, options) : storedLines(client, taskId, selection);
  const items: LogLine[] = [];
  for await (const line of lines) items.push(line);
  if (options.json) io.stdout(`${JSON.stringify({ items, nextAfter: items.at(-1)?.seq ?? 0 }, null, 2)}\n`);
  else for (const line of items) io.stdout(`${lineText(io, line)}\n`);
}

async function download(io: Io, client: Client, input: Parameters<Client['downloadLogs']>[0]): Promise<void> {
  const { body } = await client.downloadLogs(input, { signal: io.signal });
  const text = new TextDecoder();
  for await (const chunk of body) await io.stdout(text.decode(chunk, { stream: true }));
}

type Selection = ReturnType<typeof selectionOf>;

async function* storedLines(client: Client, taskId: string, query: Selection, from = 0): AsyncGenerator<LogLine> {
  for (let after = from; ; ) {
    const page = await client.listLogs({ params: { taskId }, query: { ...query, after, limit: 5000 } });
    yield* page.items;
    if (page.items.length < 5000) return;
    after = page.nextAfter;
  }
}

async function* linesAround(client: Client, taskId: string, { around = 1, context }: Options): AsyncGenerator<LogLine> {
  const query = { after: Math.max(0, around - context - 1), before: around + context + 1 };
  const { items } = await client.listLogs({ params: { taskId }, query });
  if (!items.some((line) => line.seq === around))
    throw new SentraError(
      'not_found',
      `The log of ${taskId} has no line ${around}: \`npx sentra task logs ${taskId}\` shows those there are.`,
    );
  yield* items;
}

/** Prints lines as they come. A task that rests writes no more, so that is the end. */
async function follow(io: Io, taskId: string, options: Options): Promise<void> {
  const client = await io.client();
  const { since, until, ...selection } = selectionOf(options);
  if (since ?? until)
    throw new SentraError(
      'invalid',
      '--since and --until do not go with --follow: it begins at the first line and does not end.',
    );
  const filter = LogFilter.parse(selection);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  let last = 0;
  const show = (line: LogLine) => {
    last = line.seq;
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
  for await (const line of storedLines(client, taskId, selectionOf(options), last)) show(line);
}

async function pauseThen(check: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  await sleep(1000, undefined, { signal }).catch(() => {}); // aborted: the caller sees it
  return signal.aborted || check();
}
