import type { Command } from 'commander';
import { print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { AccessToken } from '#src/domain/access-token.ts';

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the tokens, without their secrets',
    examples: ['sentra token list'],
  }).action((options: JsonOption) => list(io, options));
}

async function list(io: Io, options: JsonOption): Promise<void> {
  const client = await io.client();
  print(io, options, await client.listTokens(undefined, { signal: io.signal }), ({ items }) =>
    items.length
      ? table(io, ['ID', 'NAME', 'ROLE', 'PROJECTS', 'CREATED', 'ENDS'], items.map(toRow))
      : 'There is no token but the server’s own: `npx sentra token add NAME` makes one.',
  );
}

const toRow = ({ id, name, role, projects, createdAt, expiresAt, isExpired }: AccessToken): string[] => [
  id,
  name,
  role,
  projects?.join(', ') ?? 'all',
  createdAt,
  isExpired ? 'has expired' : (expiresAt ?? 'never'),
];
