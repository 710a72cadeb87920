import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { colour, dim, oneLine, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { Timeline } from '#src/domain/span.ts';
import { isOpenByItself, rowsOf, type TimelineRow } from '#src/domain/timeline-rows.ts';

type Options = JsonOption & { run?: string; all?: true };

export function addTimeline(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'timeline',
    description: 'show what a run of a task did when: phases, sessions, tool calls, tests, waits and costs',
    examples: [
      'sentra task timeline 01234567',
      'sentra task timeline 01234567 --all',
      'sentra task timeline 01234567 --json',
    ],
  })
    .addArgument(taskArgument())
    .option('--run <run>', 'another run than the newest')
    .option('--all', 'every step and every tool call, also those that took no time')
    .action((given: string, options: Options) => timeline(io, given, options));
}

async function timeline(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const answer = await client.getTimeline({ params: { id }, query: { run: options.run } }, { signal: io.signal });
  print(io, options, answer, (known) => waterfall(io, known, options.all === true));
}

function waterfall(io: Io, { run, spans, now, cut }: Timeline, all: boolean): string {
  if (spans.length === 0) return 'Nothing has happened yet: start the task with `npx sentra task start`.';
  const rows = rowsOf(spans, { isOpen: (span) => all || isOpenByItself(span), all, now: Date.parse(now) });
  const from = Math.min(...spans.map(({ startedAt }) => Date.parse(startedAt)));
  const to = Math.max(from + 1, ...spans.map(({ endedAt }) => Date.parse(endedAt ?? now)));
  const width = Math.min(60, Math.max(20, ...rows.map(({ span, depth }) => span.name.length + 2 * depth)));
  const room = Math.max(10, Math.min(60, io.columns - width - 24));
  const lines = rows.map((row) => lineOf(io, row, { from, to, now, width, room }));
  const head = run ? `${run.adwId}  ${run.status}  ${run.workflowType}` : 'No run yet.';
  const foot = cut ? ['There is more than is shown: `npx sentra task export` has all of it.'] : [];
  return [dim(io, head), ...lines, ...foot].join('\n');
}

type Scale = { from: number; to: number; now: string; width: number; room: number };

const tones = { ok: undefined, error: 'bad', running: 'live', cancelled: 'waits' } as const;

function lineOf(io: Io, { span, depth, inside, open }: TimelineRow, { from, to, now, width, room }: Scale): string {
  const [start, end] = [Date.parse(span.startedAt), Date.parse(span.endedAt ?? now)];
  const at = (time: number) => Math.min(room - 1, Math.floor(((time - from) / (to - from)) * room));
  const mark = span.kind === 'wait' ? '·' : '█';
  const bar = `${' '.repeat(at(start))}${mark.repeat(Math.max(1, at(end) - at(start) + (end >= to ? 1 : 0)))}`.padEnd(
    room,
  );
  const tone = span.kind === 'wait' && span.status !== 'error' ? 'waits' : tones[span.status];
  const name = padded(`${'  '.repeat(depth)}${oneLine(span.name)}`, width);
  const { usd = null } = span.cost ?? {};
  const told = [
    lasted(end - start).padStart(7),
    usd ? `$${usd.toFixed(2)}` : '',
    span.kind === 'session' && inside && !open ? `${inside} tool ${inside === 1 ? 'call' : 'calls'}` : '',
    span.status === 'ok' ? '' : String(span.attributes.error ?? span.attributes.outcome ?? span.status),
  ];
  return `${name} ${tone ? colour(io, tone, bar) : bar} ${told.filter(Boolean).join('  ')}`.trimEnd();
}

const padded = (text: string, width: number) =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);

/** As `340ms`, `4.2s`, `3m05s`, `2h07m`. */
function lasted(ms: number): string {
  if (ms < 1000) return `${Math.max(0, ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const minutes = Math.floor(ms / 60_000);
  const two = (n: number) => String(n).padStart(2, '0');
  return minutes < 60
    ? `${minutes}m${two(Math.floor(ms / 1000) % 60)}s`
    : `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}
