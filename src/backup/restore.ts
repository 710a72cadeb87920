/** Brings a backup into an empty home: all rows or none, and before that the files and the branches that repositories lack. */
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { homeFolders, unpack, withStaging } from '#src/backup/archive.ts';
import { tasksOf } from '#src/backup/make.ts';
import { BackupManifest, type RestoreReport, type SavedRepository } from '#src/domain/backup.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { readBundle, type Unbundled } from '#src/git/bundle.ts';
import type { Database } from '#src/store/database.ts';
import { loadRows } from '#src/store/dump.ts';

export type RestoreOptions = {
  /** Absolute. */
  file: string;
  onProgress: (line: string) => void;
  signal: AbortSignal;
};

export async function restoreBackup(
  { home, database }: { home: string; database: Database },
  { file, onProgress, signal }: RestoreOptions,
): Promise<RestoreReport> {
  if (!existsSync(file)) throw new SentraError('not_found', `There is no file ${file}.`);
  return withStaging(home, async (staging) => {
    onProgress(`Reading ${file}`);
    await unpack(file, staging, signal);
    const manifest = await readManifest(file, staging);
    onProgress('Writing the database');
    const { createdAt, version, repositories } = manifest;
    const counts = { projects: repositories.length, tasks: tasksOf(manifest) };
    const report: Omit<RestoreReport, 'interrupted'> = {
      createdAt,
      version,
      ...counts,
      repositories: [],
      problems: [],
    };
    // All of it before the rows are there for good: cut off anywhere, it can be done again.
    const meanwhile = async () => {
      await putFiles(staging, home);
      for (const repository of repositories) {
        signal.throwIfAborted();
        onProgress(`Writing ${repository.path}`);
        await putRepository(repository, staging, report);
      }
    };
    const open = (table: string) => createReadStream(path.join(staging, 'tables', table));
    const interrupted = await loadRows(database.connections, manifest.dump, { version, open, meanwhile, signal });
    return { ...report, interrupted };
  });
}

async function readManifest(file: string, staging: string): Promise<BackupManifest> {
  try {
    return BackupManifest.parse(JSON.parse(await readFile(path.join(staging, 'manifest.json'), 'utf8')));
  } catch (cause) {
    throw new SentraError('invalid', `${file} is no backup of Sentra that this one can read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Task by task; done again, as after a kill, it puts the same ones there. */
async function putFiles(staging: string, home: string): Promise<void> {
  for (const folder of homeFolders.filter((name) => existsSync(path.join(staging, name)))) {
    await mkdir(path.join(home, folder), { recursive: true, mode: 0o700 });
    for (const name of await readdir(path.join(staging, folder))) {
      const target = path.join(home, folder, name);
      await rm(target, { recursive: true, force: true });
      await rename(path.join(staging, folder, name), target);
    }
  }
}

async function putRepository(
  saved: SavedRepository,
  staging: string,
  report: Pick<RestoreReport, 'repositories' | 'problems'>,
): Promise<void> {
  const { path: folder } = saved;
  try {
    if (saved.isBundled) {
      const done = await readBundle(saved, path.join(staging, 'repositories', saved.projectId));
      report.repositories.push({ path: folder, said: say(done) });
    } else if (!existsSync(folder)) throw new Error('its branches are not in the backup; clone it there');
  } catch (e) {
    report.problems.push(`The repository ${folder} was not brought back: ${messageOf(e)}`);
  }
}

function say({ isNew, branches, aside }: Unbundled): string {
  if (isNew) return `made anew, with ${branches.length} branches`;
  const parts = [
    ...(branches.length ? [`${branches.join(', ')} brought back`] : []),
    ...(aside.length ? [`has other commits, those of the backup are in ${aside.join(', ')}`] : []),
  ];
  return parts.join('; ') || 'has all branches already';
}
