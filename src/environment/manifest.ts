/** Small questions about the files of a worktree that say how a project is built. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readPlain } from '#src/environment/plain-path.ts';

const names = z.record(z.string(), z.unknown()).catch({}).optional();

/** What we read of a package.json; a wrong part counts as absent. */
export const PackageJson = z.object({
  packageManager: z.string().catch('').optional(),
  scripts: z.record(z.string(), z.string()).catch({}).optional(),
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
  workspaces: z.unknown().optional(),
});
export type PackageJson = z.infer<typeof PackageJson>;

/** Undefined when there is none, or it is no JSON object. */
export async function findPackageJson(folder: string): Promise<PackageJson | undefined> {
  const text = await findText(folder, 'package.json');
  if (text === undefined) return undefined;
  try {
    return PackageJson.safeParse(JSON.parse(text)).data;
  } catch (e) {
    if (e instanceof SyntaxError) return undefined;
    throw e;
  }
}

/** The first of these files that the folder has. */
export async function findFile(folder: string, candidates: readonly string[]): Promise<string | undefined> {
  for (const name of candidates) if (await isFile(path.join(folder, name))) return name;
  return undefined;
}

/** Lockfiles of large projects have some ten megabytes. */
const maxBytes = 64 * 1024 * 1024;

export async function findText(folder: string, name: string): Promise<string | undefined> {
  return (await readPlain(folder, name, maxBytes))?.toString();
}

async function isFile(place: string): Promise<boolean> {
  return (await stat(place).catch(() => undefined))?.isFile() ?? false;
}
