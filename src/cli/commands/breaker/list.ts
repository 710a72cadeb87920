import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the circuit breakers that are open, or let one run try',
    examples: ['sentra breaker list'],
  }).action((options: JsonOption) => list(io, options));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  const { items } = await client.listBreakers(undefined, { signal: io.signal });
  const projects = new Map((await client.listProjects()).items.map(({ id, name }) => [id, name]));
  print(io, options, { items }, () =>
    items.length
      ? table(
          io,
          ['PROJECT', 'AGENT', 'STATE', 'FAILURES', 'UNTIL', 'BECAUSE'],
          items.map((b) => [
            projects.get(b.projectId) ?? b.projectId,
            b.agent,
            b.state.replace('_', ' '),
            `${b.failures} × ${b.kind}`,
            b.until,
            b.message.split('\n')[0] ?? '',
          ]),
        )
      : 'No circuit breaker is open.',
  );
}
