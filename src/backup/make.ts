/** Makes a backup, also while Sentra is at work: rows as of one moment, then the files and branches that they name, which are no older. */
import { constants, createWriteStream } from 'node:fs';
import { access, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { homeFolders, pack, withStaging } from '#src/backup/archive.ts';
import type { BackupManifest, BackupReport, SavedRepository } from '#src/domain/backup.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { writeBundle } from '#src/git/bundle.ts';
import { findRemoteUrl } from '#src/git/repository.ts';
import type { Database } from '#src/store/database.ts';
import { type DumpedProject, dumpRows } from '#src/store/dump.ts';

export type BackupOptions = {
  /** Absolute. */
  file: string;
  repositories: boolean;
  force: boolean;
  onProgress: (line: string) => void;
  signal: AbortSignal;
};

export async function makeBackup(
  { home, version, database }: { home: string; version: string; database: Database },
  { file, repositories, force, onProgress, signal }: BackupOptions,
): Promise<BackupReport> {
  await refusePlace(file, force);
  return withStaging(home, async (staging) => {
    for (const folder of ['tables', 'repositories']) await mkdir(path.join(staging, folder));
    onProgress('Reading the database');
    const open = (table: string) => createWriteStream(path.join(staging, 'tables', table), { mode: 0o600 });
    const createdAt = new Date().toISOString();
    const { dump, projects } = await dumpRows(database.connections, open, signal);
    const manifest: BackupManifest = { format: 1, version, createdAt, dump, repositories: [] };
    const problems: string[] = [];
    for (const project of projects) {
      onProgress(`Reading ${project.path}`);
      const place = repositories ? path.join(staging, 'repositories') : undefined;
      const { saved, problem } = await saveRepository(project, place, signal);
      manifest.repositories.push(saved);
      if (problem) problems.push(problem);
    }
    await writeFile(path.join(staging, 'manifest.json'), JSON.stringify(manifest), { mode: 0o600 });
    onProgress(`Writing ${file}`);
    const there = new Set(await readdir(home));
    const more = homeFolders.filter((name) => there.has(name));
    problems.push(...(await pack(file, { home, staging, folders: more, signal })));
    const { size: bytes } = await stat(file);
    return { file, bytes, projects: projects.length, tasks: tasksOf(manifest), problems };
  });
}

export const tasksOf = ({ dump }: BackupManifest): number =>
  dump.tables.find(({ name }) => name === 'sentra.tasks')?.rows ?? 0;

async function refusePlace(file: string, force: boolean): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere && !force)
    throw new SentraError('conflict', `${file} is there already. Give another name, or add --force to replace it.`);
  const folder = path.dirname(file);
  await access(folder, constants.W_OK).catch((cause) => {
    throw new SentraError(
      'storage_unwritable',
      `${folder} cannot be written: ${messageOf(cause)}. Name another folder.`,
      {
        cause,
      },
    );
  });
}

/** One that cannot be read stops nothing: everything else is worth keeping. */
async function saveRepository(
  { id, name, path: folder, gitDir, baseBranch, remote, branches }: DumpedProject,
  place: string | undefined,
  signal: AbortSignal,
): Promise<{ saved: SavedRepository; problem?: string }> {
  const saved = { projectId: id, name, path: folder, gitDir, baseBranch, remote: null, branches, isBundled: false };
  try {
    const url = remote && withoutLogin(await findRemoteUrl({ gitDir }, remote));
    const known = { ...saved, remote: remote && url ? { name: remote, url } : null };
    if (!place) return { saved: known };
    const names = [baseBranch, ...branches.map((branch) => branch.name)];
    const count = await writeBundle({ gitDir }, { file: path.join(place, id), branches: names, signal });
    return { saved: { ...known, isBundled: count > 0 } };
  } catch (e) {
    signal.throwIfAborted();
    return { saved, problem: `The branches of ${folder} are not in it: ${messageOf(e)}` };
  }
}

/** A login is no part of a backup. */
function withoutLogin(url: string | null): string | null {
  if (!url || !URL.canParse(url)) return url;
  const bare = new URL(url);
  if (bare.protocol !== 'ssh:') bare.username = '';
  bare.password = '';
  return bare.href;
}
