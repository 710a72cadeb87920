import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { pairs, plain, print } from '#src/cli/output.ts';
import { portsText, setupText } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { TaskEnvironment } from '#src/domain/task-environment.ts';

export function addEnvironment(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'environment',
    description: "show a task's ports, those of its peers, its set-up and its database",
    examples: ['sentra task environment 01234567', 'sentra task environment 01234567 --json'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => environment(io, given, options));
}

async function environment(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const found = await client.getEnvironment({ params: { id } }, { signal: io.signal });
  print(io, options, found, (all) => [pairs(io, factsOf(all)), ...failuresOf(all)].join('\n\n'));
}

const factsOf = ({ taskId, ports, database, setup, peers }: TaskEnvironment) =>
  [
    ['task', taskId],
    ['ports', portsText(ports) || 'none: they come with the worktree'],
    ['database', database && `${database.kind} ${database.name} on ${database.place}`],
    ...setup.map((step) => [`set-up ${step.name}`, setupText(step)] as const),
    ...peers.map((peer) => [peer.taskId, `${portsText(peer.ports)} (${peer.relation}, ${peer.title})`] as const),
  ] as const;

/** What a step said last is more than a line. */
const failuresOf = ({ setup }: TaskEnvironment): string[] =>
  setup.filter((step) => step.state === 'failed').map((step) => plain(`${step.name}:\n${step.summary}`));
