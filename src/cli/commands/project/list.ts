import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the registered repositories',
    examples: ['sentra project list', "sentra project list --json | jq -r '.items[].id'"],
  }).action((options: JsonOption) => list(io, options));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  print(io, options, await client.listProjects(undefined, { signal: io.signal }), ({ items }) =>
    items.length === 0
      ? 'No project yet: `npx sentra project add PATH` registers one.'
      : table(
          io,
          ['ID', 'NAME', 'BASE', 'PATH', 'PROBLEM'],
          items.map((p) => [p.id, p.name, p.baseBranch, p.path, p.problem ?? (p.paused ? 'paused' : '')]),
        ),
  );
}
