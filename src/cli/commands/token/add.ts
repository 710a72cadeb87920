import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, choice, type Io, type JsonOption, positive } from '#src/cli/verb.ts';
import { type Role, roles } from '#src/domain/access-token.ts';

type Options = JsonOption & { role: Role; days?: number; project?: string[] };

export function addAdd(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'add <name>',
    description: 'make a token; its secret is printed once',
    examples: [
      'sentra token add grafana --role viewer --days 90',
      'sentra token add review-bot --role operator --project my-app',
      'SENTRA_TOKEN=$(npx sentra token add ci --role operator)',
    ],
  })
    .addOption(
      choice('--role <role>', 'viewer reads, operator works with tasks, admin decides', roles).default('viewer'),
    )
    .option('--project <projects...>', 'it is for these projects alone, by id or name')
    .option('--days <days>', 'it ends by itself after so many days', positive)
    .action((name: string, options: Options) => add(io, name, options));
}

async function add(io: Io, name: string, options: Options): Promise<void> {
  const client = await io.client();
  const { role, days } = options;
  const projects: string[] = [];
  for (const given of options.project ?? []) projects.push((await getProject(client, given, io.cwd)).id);
  const body = { name, role, ...(projects.length ? { projects } : {}), ...(days === undefined ? {} : { days }) };
  print(io, options, await client.createToken({ body }, { signal: io.signal }), ({ token }) => token);
}
