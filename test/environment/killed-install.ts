/** An install whose process is killed (SIGKILL) at the moment when it has a certain thing done by one of the host's tools. */
import path from 'node:path';
import { killAfter } from '../helpers/kills.ts';
import { folderWith } from './folder.ts';

export type KilledInstall = {
  worktreePath: string;
  /** The PATH of the installer, in which the tools are looked for too. */
  path: string;
  cachePath: string;
  /** Where prepared dependencies are kept. */
  folder: string;
  env?: Record<string, string>;
};

/** `tool` does its work when it is called with a word that matches `pattern` (sh), then the process that wanted it dies. */
export async function killInstallAt(
  { tool, pattern }: { tool: string; pattern: string },
  { worktreePath, path: searchPath, cachePath, folder, env }: KilledInstall,
): Promise<void> {
  const place = await folderWith();
  const pidFile = path.join(place, 'pid');
  const script = `#!/bin/sh
case "$*" in ${pattern}) ;; *) exec /usr/bin/${tool} "$@" ;; esac
/usr/bin/${tool} "$@"
kill -9 "$(cat ${pidFile})"
exec sleep 600`; // until it is ended with the others: what comes after it is not done
  const tools = await folderWith({ [tool]: script });
  const homePath = await folderWith();
  const prepared = { folder, homePath, searchPath: `${tools}:${searchPath}` };
  const argument = { pidFile, worktreePath, homePath, path: searchPath, cachePath, prepared, env };
  const program = path.resolve(import.meta.dirname, '../fixtures/install-child.ts');
  const { hasEnded } = await killAfter({ program, argument }, null);
  if (hasEnded) throw new Error(`The install came to its end without ${tool} for ${pattern}.`);
}
