import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { pairs, plain, print } from '#src/cli/output.ts';
import { portsText, setupText, statusOf } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import { formatCost } from '#src/domain/money.ts';
import type { Task } from '#src/domain/task.ts';

export function addShow(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'show',
    description: 'show one task',
    examples: ['sentra task show task-0123456789ab', 'sentra task show 01234567 --json'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => show(io, given, options));
}

async function show(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const task = await client.getTask({ params: { id } }, { signal: io.signal });
  const { setup } = options.json
    ? { setup: [] }
    : await client.getEnvironment({ params: { id } }, { signal: io.signal });
  print(io, options, task, (t) => {
    const facts = [...factsOf(t), ...setup.map((step) => [`set-up ${step.name}`, setupText(step)] as const)];
    return `${pairs(io, facts)}${t.description ? `\n\n${plain(t.description)}` : ''}`;
  });
}

const factsOf = (t: Task) =>
  [
    ['id', t.id],
    ['title', t.title],
    ['status', statusOf(t)],
    ['error', t.error && `${t.error.message} (${t.error.code})`],
    ['notice', t.notice],
    ['type', `${t.type}, priority ${t.priority}`],
    ['workflow', t.workflowType],
    ['phases', t.phases.map((p) => `${p.phase} ${p.state}${p.attempt > 1 ? ` (${p.attempt})` : ''}`).join(', ')],
    ['agent', t.agent],
    ['model', t.model],
    ['effort', t.effort],
    ['assigned to', t.assignedTo],
    ['depends on', t.dependencies.join(', ')],
    ['branch', t.branchName],
    ['worktree', t.worktreePath],
    ['isolation', t.isolation],
    ['ports', portsText(t.ports)],
    ['dev servers', devServersOf(t)],
    ['run', t.adwId],
    ['pull request', t.pullRequest && `#${t.pullRequest.number} ${t.pullRequest.state} ${t.pullRequest.url}`],
    ['cost', t.startedAt && formatCost({ costUsd: t.costUsd, knownUsd: t.knownCostUsd })],
    ['tokens', t.tokens || null],
    ['created', t.createdAt],
    ['started', t.startedAt],
    ['completed', t.completedAt],
  ] as const;

const devServersOf = ({ devServers }: Task) =>
  devServers.map(({ name, state, url }) => `${name} ${state}${url ? ` ${url}` : ''}`).join(', ');
