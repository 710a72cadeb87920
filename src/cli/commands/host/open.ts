import type { Command } from 'commander';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addOpen(program: Command, io: Io): void {
  addVerb(program, {
    name: 'open',
    description: 'print a one-time link to the dashboard',
    examples: ['sentra open'],
  }).action((options: JsonOption) => open(io, options));
}

async function open(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  print(io, options, await client.createLoginLink(undefined, { signal: io.signal }), (link) => link.url);
}
