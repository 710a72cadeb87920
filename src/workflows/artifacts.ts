/** Screenshots and videos of tests: kept below SENTRA_HOME, bounded, so that they outlive the worktree. */
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Artifact, artifactType, isGenuine } from '#src/domain/artifact.ts';
import { findFresh, readFresh, usualArtifacts } from '#src/environment/test-output.ts';
import type { Run } from '#src/workflows/run.ts';

const most = 40;
const maxFileBytes = 25 * 1024 * 1024;
const maxTaskBytes = 200 * 1024 * 1024;

export const artifactsFolder = (home: string, taskId: string): string => path.join(home, 'artifacts', taskId);

/** Doing it again writes the same files again. */
export async function keepArtifacts(run: Run, attempt: number, sinceMs: number): Promise<Artifact[]> {
  const { facts, parts, worktree, adwId } = run;
  const { artifacts } = facts.config.test;
  const patterns = artifacts ?? usualArtifacts.flat();
  const found = await findFresh(worktree.path, patterns, { sinceMs, most, maxBytes: maxFileBytes });
  const folder = artifactsFolder(parts.home, facts.taskId);
  const kept: Artifact[] = [];
  for (const { path: file } of found) {
    const type = artifactType(file);
    const bytes = type && (await readFresh(worktree.path, file, maxFileBytes));
    if (!type || !bytes || !isGenuine(type, bytes.subarray(0, 16).toString('latin1'))) continue;
    const name = `${adwId}-${attempt}-${kept.length + 1}${path.extname(file).toLowerCase()}`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(path.join(folder, name), bytes, { mode: 0o600 });
    kept.push({ name, path: file, type, bytes: bytes.length });
  }
  if (kept.length > 0) await dropOldest(folder);
  return kept;
}

async function dropOldest(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, ...(await factsOf(path.join(folder, name))) })),
  );
  let bytes = 0;
  for (const file of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    bytes += file.size;
    if (bytes > maxTaskBytes) await rm(path.join(folder, file.name), { force: true });
  }
}

const factsOf = async (file: string) => {
  const { mtimeMs, size } = await stat(file);
  return { mtimeMs, size };
};
