import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { AgentInfo } from '#src/domain/agent-info.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the agents: what is installed and logged in on the server, and what each can do',
    examples: ['sentra agent list', 'sentra agent list --json'],
  }).action((options: JsonOption) => list(io, options));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  const answer = await client.listAgents(undefined, { signal: io.signal });
  print(io, options, answer, ({ items }) =>
    table(io, ['AGENT', 'KIND', 'STATE', 'VERSION', 'MESSAGES', 'ANSWER', 'COST', 'KEY'], items.map(rowOf)),
  );
}

function rowOf(agent: AgentInfo): string[] {
  const { messages, answer, cost, gateway } = agent.capabilities;
  return [
    ...[agent.name, agent.kind, stateOf(agent), agent.version ?? ''],
    ...[messages === 'none' ? 'no' : 'yes', answer, cost, gateway ? 'with Sentra' : 'its own'],
  ];
}

function stateOf({ available, installed, loggedIn }: AgentInfo): string {
  if (available) return 'available';
  if (!installed) return 'not installed';
  return loggedIn === false ? 'not logged in' : 'not available';
}
