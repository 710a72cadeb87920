import path from 'node:path';
import type { Command } from 'commander';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

type Options = JsonOption & { name?: string };

export function addAdd(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'add <path>',
    description: 'register a git repository',
    examples: ['sentra project add .', 'sentra project add ~/code/shop --name shop'],
  })
    .option('--name <name>', 'its name; the default is that of its folder')
    .action((folder: string, options: Options) => add(io, folder, options));
}

async function add(io: Io, folder: string, options: Options): Promise<void> {
  const client = await io.client();
  const body = { path: path.resolve(io.cwd, folder), ...(options.name ? { name: options.name } : {}) };
  const project = await client.addProject({ body }, { signal: io.signal });
  print(io, options, project, (p) =>
    [
      `${p.id}  ${p.name}  ${p.path} (base branch ${p.baseBranch})`,
      ...(p.forge ? [`pull requests: ${p.forge}`] : []),
      ...(p.limits ?? []),
      ...(p.notices ?? []),
    ].join('\n'),
  );
}
