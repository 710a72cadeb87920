/**
 * Dependencies of a second worktree with pnpm, yarn and bun, whose packages come from a registry of our own on the
 * loopback address: first a real install, then worktrees that get the same. `npm run bench -- install-pnpm 10000` for
 * another number of files than 40,000. Managers that `scripts/bootstrap.mjs --managers` could not fetch are left out.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { installDependencies } from '#src/environment/dependencies.ts';
import { installVariables, readableCaches } from '#src/environment/package-caches.ts';
import { detectPackageManager } from '#src/environment/package-manager.ts';
import { createRunner } from '#src/environment/runner.ts';
import { linkManager, type ManagerName } from '../test/helpers/managers.ts';
import { type Package, startRegistry } from '../test/helpers/registry.ts';
import { type Benchmark, interleave } from './benchmark.ts';

const run = promisify(execFile);
const filesPerPackage = 25;
const bytesPerFile = 8_000;
const dependenciesEach = 15;

type Stack = { name: string; manager: ManagerName; lock: string[]; files?: Record<string, string>; itself?: string[] };

const stacks: Stack[] = [
  {
    name: 'install-pnpm',
    manager: 'pnpm',
    lock: ['pnpm', 'install', '--lockfile-only'],
    itself: ['pnpm', 'install', '--frozen-lockfile', '--offline'],
  },
  { name: 'install-yarn-1', manager: 'yarn 1', lock: ['yarn', 'install', '--ignore-scripts'] },
  {
    name: 'install-yarn-4',
    manager: 'yarn 4',
    lock: ['yarn', 'install', '--mode=update-lockfile'],
    files: { '.yarnrc.yml': 'nodeLinker: node-modules\n' },
  },
  { name: 'install-bun', manager: 'bun', lock: ['bun', 'install', '--lockfile-only'] },
];

export const installManagers: Benchmark[] = stacks.map((stack) => ({
  name: stack.name,
  title: `dependencies of a second worktree with ${stack.manager}, against ${stack.itself ? 'the manager itself' : 'hard-linking the same tree'}`,
  async measure(say, option) {
    const files = Number(option ?? 40_000);
    const scratch = mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-'));
    const registry = await startRegistry(packagesOf(files / filesPerPackage));
    try {
      const bench = await prepare(scratch, stack, registry.url, files);
      say(`${files} files of ${bytesPerFile} bytes; the first install took ${bench.firstMs} ms`);
      const result = await interleave(
        stack.name,
        { value: () => inFresh(bench, bench.takeOver), floor: () => inFresh(bench, bench.floor) },
        { warmUps: 1, runs: 7, say },
      );
      const extraBytes = await measureExtra(bench);
      say(`extra disk of a worktree: ${(extraBytes / 1e6).toFixed(1)} MB`);
      return { ...result, files, extraBytes };
    } finally {
      await registry.close();
      rmSync(scratch, { recursive: true, force: true });
    }
  },
}));

/** The first sixteenth are the project's own, each of them has fifteen of the others. */
function packagesOf(count: number): Package[] {
  const name = (number: number) => `package-${number}`;
  const direct = Math.ceil(count / (dependenciesEach + 1));
  return Array.from({ length: count }, (_, number) => {
    const first = direct + number * dependenciesEach;
    const others = number < direct ? Array.from({ length: dependenciesEach }, (_, i) => first + i) : [];
    const dependencies = Object.fromEntries(others.filter((n) => n < count).map((n) => [name(n), '1.0.0']));
    const files = Object.fromEntries(
      Array.from({ length: filesPerPackage - 1 }, (_, file) => [
        `lib/file-${file}.js`,
        `// ${number} ${file}\n`.padEnd(bytesPerFile, 'x'),
      ]),
    );
    return { name: name(number), manifest: { dependencies }, files };
  });
}

type Bench = Awaited<ReturnType<typeof prepare>>;

async function prepare(scratch: string, stack: Stack, registryUrl: string, files: number) {
  const bin = path.join(scratch, 'bin');
  if (!linkManager(stack.manager, bin)) throw new Error(`${stack.manager} could not be had`);
  const at = (name: string) => path.join(scratch, name);
  const [project, cachePath, homePath] = [at('project'), at('packages'), at('home')];
  for (const folder of [project, homePath, ...readableCaches(cachePath)]) mkdirSync(folder, { recursive: true });
  const direct = Math.ceil(files / filesPerPackage / (dependenciesEach + 1));
  const dependencies = Object.fromEntries(Array.from({ length: direct }, (_, n) => [`package-${n}`, '1.0.0']));
  const written = { 'package.json': JSON.stringify({ name: 'app', private: true, dependencies }), ...stack.files };
  for (const [name, text] of Object.entries({ ...written, '.npmrc': `registry=${registryUrl}\n` }))
    writeFileSync(path.join(project, name), text);
  const searchPath = [bin, path.dirname(process.execPath), process.env.PATH].join(':');
  const registry = {
    pnpm_config_registry: registryUrl,
    YARN_NPM_REGISTRY_SERVER: registryUrl,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
  };
  const env = { PATH: searchPath, HOME: at('locking'), YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', ...registry };
  await run(stack.lock[0] ?? '', stack.lock.slice(1), { cwd: project, env, maxBuffer: 1e8 });
  for (const made of ['node_modules', '.yarn']) rmSync(path.join(project, made), { recursive: true, force: true });
  const takeOver = async (worktreePath: string) => {
    const runner = createRunner({
      sandbox: undefined,
      room: { worktreePath, homePath },
      baseEnv: { PATH: searchPath },
    });
    const prepared = { folder: at('dependencies'), homePath, searchPath };
    const request = { runner, worktreePath, setting: 'auto', timeoutMs: 300_000, cachePath, prepared } as const;
    const done = await installDependencies({ ...request, env: registry });
    if (done.outcome === 'failed') throw new Error(done.tail);
    return done.outcome;
  };
  const first = at('first');
  cpSync(project, first, { recursive: true });
  const startedAt = performance.now();
  await takeOver(first);
  const firstMs = Math.round(performance.now() - startedAt);
  const how = await detectPackageManager(first);
  const shares = stack.itself ? 'store' : 'trees';
  const own = how && {
    ...env,
    HOME: homePath,
    CI: 'true',
    ...installVariables(cachePath, homePath, { ...how, shares }),
  };
  const floor = (worktreePath: string) =>
    stack.itself
      ? run(stack.itself[0] ?? '', stack.itself.slice(1), { cwd: worktreePath, env: { ...own }, maxBuffer: 1e8 })
      : run('cp', ['-al', path.join(first, 'node_modules'), path.join(worktreePath, 'node_modules')]);
  return { scratch, project, cachePath, firstMs, takeOver, floor };
}

/** What came out is removed untimed. */
async function inFresh({ scratch, project }: Bench, act: (folder: string) => Promise<unknown>): Promise<number> {
  const folder = path.join(scratch, 'next');
  cpSync(project, folder, { recursive: true });
  const startedAt = performance.now();
  const done = await act(folder);
  const ms = performance.now() - startedAt;
  if (done === 'installed') throw new Error('The dependencies were installed anew, not taken over');
  rmSync(folder, { recursive: true });
  return ms;
}

/** `du` counts a file with many names where it meets it first. */
async function measureExtra({ scratch, project, takeOver }: Bench): Promise<number> {
  const folder = path.join(scratch, 'measured');
  cpSync(project, folder, { recursive: true });
  await takeOver(folder);
  const others = ['packages', 'dependencies'].map((name) => path.join(scratch, name));
  const { stdout } = await run('du', ['-s', '--block-size=1', ...others, folder]);
  return Number.parseInt(stdout.trim().split('\n').at(-1) ?? '', 10);
}
