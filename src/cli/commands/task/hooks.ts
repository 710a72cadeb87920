import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { colour, dim, oneLine, print, table } from '#src/cli/output.ts';
import { addVerb, choice, type Io, type JsonOption, positive, taskArgument } from '#src/cli/verb.ts';
import { type HookDecision, type HookEvent, hookDecisions } from '#src/domain/hook.ts';

type Options = JsonOption & { decision?: HookDecision; limit?: number };

export function addHooks(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'hooks',
    description: 'show what the hooks of the agents of a task told: tools used, what was refused and why',
    examples: ['sentra task hooks 01234567', 'sentra task hooks 01234567 --decision deny'],
  })
    .addArgument(taskArgument())
    .addOption(choice('--decision <decision>', 'only these', hookDecisions))
    .option('--limit <number>', 'how many, newest first; the default is 200', positive)
    .action((given: string, options: Options) => hooks(io, given, options));
}

async function hooks(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const { decision, limit } = options;
  const answer = await client.listHookEvents({ params: { id }, query: { decision, limit } }, { signal: io.signal });
  print(io, options, answer, ({ items }) => (items.length === 0 ? empty(decision) : asTable(io, items)));
}

const empty = (decision: HookDecision | undefined): string =>
  decision
    ? `Nothing with the decision ${decision}.`
    : 'No hook told anything yet: sessions of Claude Code do, from their first tool on.';

const asTable = (io: Io, items: HookEvent[]): string =>
  table(
    io,
    ['AT', 'PHASE', 'EVENT', 'TOOL', 'DECISION', 'BY', 'WHAT'],
    items.map((item) => [
      dim(io, item.at),
      item.phase,
      item.event,
      item.tool ?? '',
      item.decision === 'deny' ? colour(io, 'bad', item.decision) : item.decision,
      item.hook,
      oneLine([item.input, item.reason].filter(Boolean).join(': ')),
    ]),
  );
