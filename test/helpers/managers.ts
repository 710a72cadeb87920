/** The package managers that `scripts/bootstrap.mjs --managers` fetched, each in a folder that holds nothing else. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

const programs = {
  pnpm: ['pnpm', 'pnpm/pnpm'],
  'pnpm 10': ['pnpm', 'pnpm-10/bin/pnpm.cjs'],
  'yarn 1': ['yarn', 'yarn/bin/yarn.js'],
  'yarn 4': ['yarn', 'yarn-4/bin/yarn.js'],
  bun: ['bun', 'bun/bin/bun.exe'],
} as const;

export type ManagerName = keyof typeof programs;
export const managerNames = Object.keys(programs) as ManagerName[];

const fetched = path.resolve(import.meta.dirname, '../../.data/managers/node_modules');

/** Makes `folder` one for the front of PATH; false, and said aloud, when this manager was not fetched. */
export function linkManager(name: ManagerName, folder: string): boolean {
  const [command, place] = programs[name];
  const program = path.join(fetched, place);
  if (!existsSync(program)) {
    console.warn(
      `\n${name} is not there: run \`node scripts/bootstrap.mjs --managers\`. Left out: all that installs with it.`,
    );
    return false;
  }
  mkdirSync(folder, { recursive: true });
  symlinkSync(program, path.join(folder, command));
  return true;
}
