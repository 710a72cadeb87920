import { type Command, InvalidArgumentError } from 'commander';
import { budgetLines } from '#src/cli/commands/budget/text.ts';
import { findProject } from '#src/cli/find.ts';
import { dim, pairs, print, table } from '#src/cli/output.ts';
import { addVerb, choice, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import {
  type CostGrouping,
  type CostItem,
  CostQuery,
  type CostSum,
  type Costs,
  costGroupings,
} from '#src/domain/cost.ts';
import type { Forecast } from '#src/domain/forecast.ts';
import { formatCost, formatMicros, toMicros } from '#src/domain/money.ts';

type Options = JsonOption & { project?: string; since?: string; until?: string; by?: CostGrouping };

export function addCosts(program: Command, io: Io): void {
  addVerb(program, {
    name: 'costs',
    description: 'show what was spent on models, what is left of budgets, and what the remaining tasks will come to',
    examples: ['sentra costs', 'sentra costs --by model --since 2026-11-01', 'sentra costs --project shop --by day'],
  })
    .addOption(projectOption())
    .option('--since <time>', 'from this day (UTC) or moment on', moment)
    .option('--until <time>', 'before this day (UTC) or moment', moment)
    .addOption(choice('--by <what>', 'what to add up by; task where it is left out', costGroupings))
    .action((options: Options) => costs(io, options));
}

function moment(value: string): string {
  if (CostQuery.shape.since.safeParse(value).success) return value;
  throw new InvalidArgumentError('It is a day as 2026-11-21, or a moment as 2026-11-21T08:00:00Z.');
}

async function costs(io: Io, { project: named, since, until, by, ...options }: Options): Promise<void> {
  const client = await io.client();
  const project = await findProject(client, named, io.cwd);
  const query = { ...(project ? { projectId: project.id } : {}), since, until, by };
  const answer = await client.getCosts({ query }, { signal: io.signal });
  print(io, options, answer, (value) => forPeople(io, value, project?.name));
}

function forPeople(io: Io, { total, by, items, budgets, forecast }: Costs, project: string | undefined): string {
  if (total.sessions === 0 && budgets.length === 0)
    return 'Nothing was spent. What agents cost is counted from their first session on.';
  const head = pairs(io, [
    [project ?? 'all projects', `${formatCost(total)} in ${total.sessions} sessions`],
    [
      'not priced',
      total.unknownSessions
        ? `${total.unknownSessions} sessions: \`npx sentra prices set\` tells what a model costs`
        : '',
    ],
    ['said by agents', total.agentUsd ? usd(total.agentUsd) : ''],
    ['by the price table', total.pricesUsd ? usd(total.pricesUsd) : ''],
    ...budgetLines(budgets),
    ['what is left to do', forecast ? forecastText(forecast) : ''],
  ]);
  const heading = [by.toUpperCase(), 'COST', 'SESSIONS', 'INPUT', 'OUTPUT', 'CACHE READ', 'CACHE WRITE', ''];
  return [head, items.length ? table(io, heading, items.map(rowOf)) : dim(io, 'No session in this time.')].join('\n\n');
}

const usd = (value: number) => formatMicros(toMicros(value));

const rowOf = (item: CostItem): string[] => [
  item.key || '(not named)',
  formatCost(item),
  String(item.sessions),
  ...tokensOf(item),
  item.title ?? '',
];

const tokensOf = ({ tokens }: CostSum) =>
  [tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite].map((count) => count.toLocaleString('en'));

/** As `about $4.20 ($3.10 to $8.00) for 12 tasks`. */
export function forecastText({ likelyUsd, lowUsd, highUsd, tasks, phases, unknownPhases }: Forecast): string {
  if (phases === 0) return 'nothing';
  const what = `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
  if (likelyUsd === null || lowUsd === null || highUsd === null)
    return `${what}, cost unknown: too few finished phases of their kind`;
  const range = `${usd(likelyUsd)} (${usd(lowUsd)} to ${usd(highUsd)}) for ${what}`;
  return unknownPhases
    ? `at least ${range}; ${unknownPhases} of ${phases} phases have too few examples`
    : `about ${range}`;
}
