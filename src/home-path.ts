/** Where SENTRA_HOME is. A file of its own: the entry asks before it loads anything. */
import os from 'node:os';
import path from 'node:path';

export const homePath = (env: Readonly<Record<string, string | undefined>> = process.env): string =>
  path.resolve(env.SENTRA_HOME || path.join(os.homedir(), '.sentra'));
