/**
 * What an agent that brings its own login needs of it: named variables of the server's environment, and named files of the
 * host's home, copied into the room's for as long as a session lasts. The room's home belongs to agents: what they left there
 * may lead anywhere, so no step of the way is followed that is not a plain folder.
 */
import { randomUUID } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

export type Login = { variables: readonly string[]; files: readonly string[] };

/** Where a file of the host's home, named as `~/…`, lies. */
export const hostPathOf = (file: string): string => join(homedir(), file.slice(2));

export const variablesOf = (login: Login, hostEnv: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    login.variables.flatMap((name) => (hostEnv[name] === undefined ? [] : [[name, hostEnv[name] ?? '']])),
  );

/** Undefined when anything of the login is there, or none is asked for; else what was looked for. */
export function findMissingLogin(login: Login, hostEnv: Readonly<Record<string, string>>): string | undefined {
  const wanted = [...login.variables, ...login.files];
  const isThere = login.variables.some((name) => hostEnv[name]) || login.files.some((f) => existsSync(hostPathOf(f)));
  return isThere || !wanted.length ? undefined : wanted.join(', ');
}

/** Copies the files that there are; answers the function that takes them away again. */
export async function bringLogin({ files }: Pick<Login, 'files'>, homePath: string): Promise<() => Promise<void>> {
  const there = files.filter((file) => existsSync(hostPathOf(file)));
  for (const file of there) {
    const folder = (await plainFolder(homePath, file, 'make')) ?? homePath;
    const fresh = join(folder, `.${randomUUID()}`);
    await copyFile(hostPathOf(file), fresh, constants.COPYFILE_EXCL);
    const to = join(folder, basename(file));
    await rm(to, { recursive: true, force: true });
    await rename(fresh, to);
  }
  return async () => {
    for (const file of there) {
      const folder = await plainFolder(homePath, file, 'find');
      if (folder) await rm(join(folder, basename(file)), { recursive: true, force: true });
    }
  };
}

/** The folder of the file in the room's home. What stands in the way is replaced, or nothing is found. */
async function plainFolder(homePath: string, file: string, mode: 'make' | 'find'): Promise<string | undefined> {
  let folder = homePath;
  for (const name of file.slice(2).split('/').slice(0, -1)) {
    folder = join(folder, name);
    const found = await lstat(folder).catch(() => undefined);
    if (found?.isDirectory()) continue;
    if (mode === 'find') return undefined;
    if (found) await rm(folder);
    await mkdir(folder, { mode: 0o700 });
  }
  return folder;
}
