/** Which program installs a project's dependencies, and how it is called so that it changes no tracked file. */
import path from 'node:path';
import { findFile, findPackageJson, findText, type PackageJson } from '#src/environment/manifest.ts';

export type PackageManager = {
  manager: 'npm' | 'pnpm' | 'yarn' | 'bun' | 'uv' | 'poetry' | 'pip' | 'go' | 'cargo' | 'maven';
  command: string[];
  /** The project's files say beforehand what the install makes. */
  locked: boolean;
  /**
   * How the next worktree gets the same: `trees` are handed on by links; in `store` the manager links packages out of a
   * folder that all worktrees see; with `cache` it makes them again out of what was fetched.
   */
  shares: 'trees' | 'store' | 'cache';
  /** For people: what decided. */
  reason: string;
};

type NodeManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

const lockfiles: readonly [string, NodeManager][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

/** Undefined when there is nothing to install, or nothing that we know how to. */
export async function detectPackageManager(worktreePath: string): Promise<PackageManager | undefined> {
  const manifest = await findPackageJson(worktreePath);
  if (manifest && (await needsInstall(worktreePath, manifest))) return nodeInstall(worktreePath, manifest);
  return (await pythonInstall(worktreePath)) ?? otherInstall(worktreePath);
}

/** The package manager of a Node project and the file that says so; npm where nothing does. */
export async function nodeManager(
  worktreePath: string,
  manifest: PackageJson,
): Promise<{ manager: NodeManager; lockfile?: string; reason: string }> {
  const present = await findFile(
    worktreePath,
    lockfiles.map(([name]) => name),
  );
  const declared = /^(npm|pnpm|yarn|bun)@/.exec(manifest.packageManager ?? '')?.[1] as NodeManager | undefined;
  const own = lockfiles.filter(([, manager]) => manager === declared).map(([name]) => name);
  if (declared)
    return {
      manager: declared,
      ...lockOf(await findFile(worktreePath, own)),
      reason: `packageManager ${manifest.packageManager}`,
    };
  const byLock = lockfiles.find(([name]) => name === present)?.[1];
  return { manager: byLock ?? 'npm', ...lockOf(present), reason: present ?? 'package.json without a lockfile' };
}

const lockOf = (lockfile: string | undefined) => (lockfile === undefined ? {} : { lockfile });

const installScripts = ['preinstall', 'install', 'postinstall', 'prepare'];

async function needsInstall(worktreePath: string, manifest: PackageJson): Promise<boolean> {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
  const hasScript = installScripts.some((name) => manifest.scripts?.[name] !== undefined);
  if (Object.keys(all).length > 0 || manifest.workspaces !== undefined || hasScript) return true;
  return (await findFile(worktreePath, ['pnpm-workspace.yaml'])) !== undefined;
}

async function nodeInstall(worktreePath: string, manifest: PackageJson): Promise<PackageManager> {
  const { manager, lockfile, reason } = await nodeManager(worktreePath, manifest);
  const locked = lockfile !== undefined;
  const modern = manager === 'yarn' && (await isModernYarn(worktreePath, manifest));
  const commands: Record<NodeManager, () => Promise<string[]>> = {
    npm: async () => npmInstall(locked),
    pnpm: () => pnpmInstall(worktreePath, locked),
    yarn: async () => yarnInstall(modern, locked),
    bun: async () => ['bun', 'install', locked ? '--frozen-lockfile' : '--no-save'],
  };
  const shares = modern && (await isPlugAndPlay(worktreePath)) ? 'cache' : 'trees';
  return { manager, command: await commands[manager](), locked, shares, reason };
}

/** Without a lockfile none is made: it would be a change that nobody asked for. */
function npmInstall(locked: boolean): string[] {
  const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
  return locked ? ['npm', 'ci', ...quick] : ['npm', 'install', '--no-package-lock', ...quick];
}

async function pnpmInstall(worktreePath: string, locked: boolean): Promise<string[]> {
  return [
    'pnpm',
    'install',
    locked ? '--frozen-lockfile' : '--no-lockfile',
    '--prefer-offline',
    ...((await hasForeignWorkspace(worktreePath)) ? ['--ignore-workspace'] : []),
  ];
}

/** pnpm climbs to a workspace file of the main checkout above and would link that one again. */
async function hasForeignWorkspace(worktreePath: string): Promise<boolean> {
  if ((await findFile(worktreePath, ['pnpm-workspace.yaml'])) !== undefined) return false;
  for (let folder = path.dirname(worktreePath); folder !== path.dirname(folder); folder = path.dirname(folder))
    if ((await findFile(folder, ['pnpm-workspace.yaml'])) !== undefined) return true;
  return false;
}

async function isModernYarn(worktreePath: string, manifest: PackageJson): Promise<boolean> {
  return (
    /^yarn@[2-9]/.test(manifest.packageManager ?? '') ||
    (await findFile(worktreePath, ['.yarnrc.yml'])) !== undefined ||
    (await findText(worktreePath, 'yarn.lock'))?.includes('__metadata:') === true
  );
}

/** Yarn's own way from 2 on: programs run out of its cache, and no tree is made. */
async function isPlugAndPlay(worktreePath: string): Promise<boolean> {
  const linker = /^nodeLinker:\s*["']?([\w-]+)/m.exec((await findText(worktreePath, '.yarnrc.yml')) ?? '')?.[1];
  return linker === undefined || linker === 'pnp';
}

function yarnInstall(modern: boolean, locked: boolean): string[] {
  if (modern) return ['yarn', 'install', ...(locked ? ['--immutable'] : [])];
  return ['yarn', 'install', '--non-interactive', '--prefer-offline', locked ? '--frozen-lockfile' : '--no-lockfile'];
}

async function pythonInstall(worktreePath: string): Promise<PackageManager | undefined> {
  const file = await findFile(worktreePath, ['uv.lock', 'poetry.lock', 'requirements.txt']);
  if (file === undefined) return undefined;
  const inEnvironment = { locked: file !== 'requirements.txt', shares: 'cache', reason: file } as const;
  if (file === 'uv.lock') return { manager: 'uv', command: ['uv', 'sync', '--frozen'], ...inEnvironment };
  if (file === 'poetry.lock')
    return { manager: 'poetry', command: ['poetry', 'install', '--no-interaction'], ...inEnvironment };
  // Older versions of venv do not tell git to leave their folder out.
  const script = `python3 -m venv .venv && echo '*' > .venv/.gitignore && .venv/bin/python -m pip install -q -r requirements.txt`;
  return { manager: 'pip', command: ['/bin/sh', '-c', script], ...inEnvironment };
}

async function otherInstall(worktreePath: string): Promise<PackageManager | undefined> {
  const file = await findFile(worktreePath, ['go.sum', 'Cargo.lock', 'pom.xml']);
  if (file === undefined) return undefined;
  const inHome = { locked: true, shares: 'trees', reason: file } as const;
  if (file === 'go.sum') return { manager: 'go', command: ['go', 'mod', 'download'], ...inHome };
  if (file === 'Cargo.lock') return { manager: 'cargo', command: ['cargo', 'fetch', '--locked'], ...inHome };
  const maven = (await findFile(worktreePath, ['mvnw'])) ? './mvnw' : 'mvn';
  return { manager: 'maven', command: [maven, '-q', '-B', 'dependency:go-offline'], ...inHome };
}
