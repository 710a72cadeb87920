/** Where `npm run test:agents` has installed the agents, and in which versions. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const { SENTRA_AGENTS_CACHE, XDG_CACHE_HOME } = process.env;
const cache = SENTRA_AGENTS_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'sentra-agents');

/** Throws when it is not installed. */
export function programOf(name: string, program: string): string {
  const path = join(cache, name, 'node_modules/.bin', program);
  if (!existsSync(path)) throw new Error(`${path} is not there: npm run test:agents installs it.`);
  return path;
}
