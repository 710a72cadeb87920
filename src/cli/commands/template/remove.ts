import type { Command } from 'commander';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addRemove(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'remove <name>',
    description: 'remove a template; tasks made from it stay',
    examples: ['sentra template remove upgrade'],
  }).action((name: string, options: JsonOption) => remove(io, name, options));
}

async function remove(io: Io, name: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const answer = await client.removeTemplate({ params: { name } }, { signal: io.signal });
  print(io, options, { name, ...answer }, () => `Template ${name} is removed.`);
}
