import { type Command, InvalidArgumentError } from 'commander';
import { getOwner, type OwnerOptions } from '#src/cli/commands/budget/budget.ts';
import { budgetText } from '#src/cli/commands/budget/text.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import { type BudgetPeriod, budgetPeriods } from '#src/domain/budget.ts';
import { SentraError } from '#src/errors.ts';

type Options = JsonOption & OwnerOptions & Partial<Record<`${BudgetPeriod}Usd`, number | null>>;

export function addSet(noun: Command, io: Io): void {
  const verb = addVerb(noun, {
    name: 'set',
    description: 'set how much may be spent, in US dollars; `none` takes a limit away',
    examples: [
      'sentra budget set --month 500',
      'sentra budget set --server --day 50',
      'sentra budget set --task 1a2b --task-total 10',
    ],
  })
    .addOption(projectOption())
    .option('--task <task>', 'of a task')
    .option('--server', 'of all projects together');
  for (const period of budgetPeriods)
    verb.option(`${flagOf(period)} <usd>`, `what ${whose[period]} may cost at most`, dollars);
  verb.action((options: Record<string, unknown> & JsonOption & OwnerOptions) => set(io, options));
}

/** `--task` names a task. */
const flagOf = (period: BudgetPeriod): string => (period === 'task' ? '--task-total' : `--${period}`);
const nameOfOption = (period: BudgetPeriod): string => (period === 'task' ? 'taskTotal' : period);

const whose: Record<BudgetPeriod, string> = {
  session: 'one session of an agent',
  task: 'a task as a whole',
  day: 'a day (UTC)',
  month: 'a month (UTC)',
};

/** A word for no limit: commander takes a null for a value that was left out. */
function dollars(value: string): number | 'none' {
  if (value.toLowerCase() === 'none') return 'none';
  const usd = Number(value.replace(/^\$/, ''));
  if (Number.isFinite(usd) && usd > 0) return usd;
  throw new InvalidArgumentError('It is an amount above zero, as 12.50, or none.');
}

async function set(io: Io, options: Record<string, unknown> & JsonOption & OwnerOptions): Promise<void> {
  const limits: Options = {};
  for (const period of budgetPeriods) {
    const value = options[nameOfOption(period)];
    if (value !== undefined) limits[`${period}Usd`] = value === 'none' ? null : Number(value);
  }
  if (Object.keys(limits).length === 0)
    throw new SentraError('invalid', 'Name what to set: --session, --task-total, --day or --month.');
  const client = await io.client();
  const owner = await getOwner(client, options, io.cwd);
  const answer = await client.patchBudget({ body: { ...owner, ...limits } }, { signal: io.signal });
  print(io, options, answer, (budget) => budgetText(io, budget, 'Nothing limits what may be spent.'));
}
