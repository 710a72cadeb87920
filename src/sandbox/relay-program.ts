/** The program that joins a room's ports with our sockets: in Perl, which nearly every Linux has, else in JavaScript. */
import path from 'node:path';
import { probe } from '#src/sandbox/availability.ts';

export type RelayProgram = { interpreter: string; file: string };

const perl = '/usr/bin/perl';

export const relays = {
  perl: { interpreter: perl, file: path.join(import.meta.dirname, 'relay.pl') },
  node: { interpreter: process.execPath, file: path.join(import.meta.dirname, 'relay.mjs') },
} as const satisfies Record<string, RelayProgram>;

/** Some systems have a Perl without its usual modules. */
export async function findRelay(): Promise<RelayProgram> {
  const args = ['-MSocket', '-MFcntl', '-MErrno', '-e', 'Socket::IN6ADDR_LOOPBACK()'];
  const tried = await probe(perl, args).catch(() => undefined);
  return tried?.exitCode === 0 ? relays.perl : relays.node;
}
