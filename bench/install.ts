/**
 * Dependencies of a second worktree: everything between "install" and a complete node_modules, where a first worktree with
 * the same lockfile was installed before. `npm run bench -- install 40000` for another number of files than 10,000.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installDependencies } from '#src/environment/dependencies.ts';
import { detectPackageManager } from '#src/environment/package-manager.ts';
import { capturePrepared } from '#src/environment/prepared.ts';
import { preparedKey } from '#src/environment/prepared-key.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import { createRunner } from '#src/environment/runner.ts';
import { type Benchmark, interleave } from './benchmark.ts';

const run = promisify(execFile);
const filesPerPackage = 25;
const bytesPerFile = 8_000;

export const install: Benchmark = {
  name: 'install',
  title: 'dependencies of a second worktree, against hard-linking the same tree',
  async measure(say, option) {
    const files = Number(option ?? 10_000);
    const scratch = mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-'));
    try {
      const place = await prepare(scratch, files);
      const first = path.join(place.worktreePath, 'node_modules');
      say(`${files} files of ${bytesPerFile} bytes in packages of ${filesPerPackage}`);
      const result = await interleave(
        'install',
        {
          value: () => inFresh(scratch, (folder) => takeOver(place, folder)),
          floor: () => inFresh(scratch, (folder) => run('cp', ['-al', first, path.join(folder, 'node_modules')])),
        },
        { warmUps: 2, runs: 11, say },
      );
      const extraBytes = await measureExtra(place, path.join(scratch, 'measured'));
      say(`extra disk of a worktree: ${(extraBytes / 1e6).toFixed(1)} MB`);
      return { ...result, files, extraBytes };
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};

/** A first worktree, as if npm had just installed it, whose tree is kept for the others. */
async function prepare(scratch: string, files: number): Promise<PreparedPlace> {
  const place = {
    worktreePath: path.join(scratch, 'first'),
    folder: path.join(scratch, 'dependencies'),
    homePath: path.join(scratch, 'home'),
    searchPath: process.env.PATH ?? '',
  };
  mkdirSync(place.homePath);
  writeProject(place.worktreePath);
  for (let number = 0; number < files / filesPerPackage; number++)
    writePackage(path.join(place.worktreePath, 'node_modules', `package-${number}`), number);
  const how = await detectPackageManager(place.worktreePath);
  const key = how && (await preparedKey(place, how));
  const problem = how && key ? await capturePrepared(place, key, { how, homeBefore: new Set() }) : 'npm was not found';
  if (problem !== undefined) throw new Error(`The tree cannot be kept: ${problem}`);
  return place;
}

function writeProject(folder: string): void {
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'app', dependencies: { 'package-1': '*' } }));
  writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3 }));
}

function writePackage(folder: string, number: number): void {
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: `package-${number}`, version: '1.0.0' }));
  for (let file = 1; file < filesPerPackage; file++)
    writeFileSync(path.join(folder, 'lib', `file-${file}.js`), `// ${number}\n`.padEnd(bytesPerFile, 'x'));
}

/** What came out is removed untimed. */
async function inFresh(scratch: string, act: (folder: string) => Promise<unknown>): Promise<number> {
  const folder = path.join(scratch, 'next');
  writeProject(folder);
  const startedAt = performance.now();
  await act(folder);
  const ms = performance.now() - startedAt;
  rmSync(folder, { recursive: true });
  return ms;
}

async function takeOver({ folder, homePath, searchPath }: PreparedPlace, worktreePath: string): Promise<void> {
  const done = await installDependencies({
    runner: createRunner({ sandbox: undefined, room: { worktreePath, homePath }, baseEnv: { PATH: searchPath } }),
    worktreePath,
    setting: 'auto',
    timeoutMs: 60_000,
    prepared: { folder, homePath, searchPath },
  });
  if (done.outcome !== 'prepared') throw new Error(`The dependencies were not taken over: ${done.outcome}`);
}

/** `du` counts a file with many names where it meets it first. */
async function measureExtra(place: PreparedPlace, worktreePath: string): Promise<number> {
  writeProject(worktreePath);
  await takeOver(place, worktreePath);
  const { stdout } = await run('du', ['-s', '--block-size=1', place.folder, worktreePath]);
  return Number.parseInt(stdout.split('\n')[1] ?? '', 10);
}
