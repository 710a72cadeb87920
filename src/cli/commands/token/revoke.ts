import type { Command } from 'commander';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addRevoke(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'revoke <token>',
    description: 'end a token now',
    examples: ['sentra token revoke tok-0123456789ab'],
  }).action((id: string, options: JsonOption) => revoke(io, id, options));
}

async function revoke(io: Io, id: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const answer = await client.revokeToken({ params: { id } }, { signal: io.signal });
  print(io, options, { id, ...answer }, () => `${id} opens nothing any more.`);
}
