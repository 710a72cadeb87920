import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import type { Io } from '#src/cli/verb.ts';
import { messageOf, SentraError } from '#src/errors.ts';

/** The text of a file, or of standard input for `-`, and what to call it. `what` begins the error where it cannot be read. */
export async function readText(
  { cwd }: Pick<Io, 'cwd'>,
  file: string,
  what: string,
): Promise<{ text: string; told: string }> {
  const told = file === '-' ? 'standard input' : path.resolve(cwd, file);
  const read = () => (file === '-' ? readAll(process.stdin) : readFile(told, 'utf8'));
  const text = await read().catch((e) => {
    throw new SentraError('invalid', `${what} ${told} cannot be read: ${messageOf(e)}.`);
  });
  return { text, told };
}
