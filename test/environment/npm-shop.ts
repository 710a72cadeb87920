/** A project whose packages npm unpacks from archives in the project itself: no registry has a part in it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll } from 'vitest';
import { type Installed, installDependencies } from '#src/environment/dependencies.ts';
import { folderWith, plainRunner } from './folder.ts';

export const searchPath = `${path.dirname(process.execPath)}:${process.env.PATH}`;

/** What the worktrees of a project share. */
export type Shop = { folder: string; cachePath: string };
export const openShop = async (): Promise<Shop> => ({ folder: await folderWith(), cachePath: await folderWith() });

let template: string;

beforeAll(async () => {
  const json = (more: object) => JSON.stringify({ version: '1.0.0', ...more });
  const postinstall = `node -e "fs.writeFileSync('built.js', '1')"`;
  template = await folderWith({
    'tiny/package.json': json({ name: 'tiny' }),
    'tiny/index.js': 'module.exports = 7;',
    'builder/package.json': json({ name: 'builder', scripts: { postinstall } }),
    'app/package.json': json({ name: 'app', dependencies: archives }),
  });
  const app = path.join(template, 'app');
  execFileSync('npm', ['pack', '--silent', '../tiny', '../builder'], { cwd: app, stdio: 'ignore' });
  execFileSync('npm', ['install', '--package-lock-only', '--offline', '--no-audit'], { cwd: app, stdio: 'ignore' });
}, 60_000);

const archives = { tiny: 'file:tiny-1.0.0.tgz', builder: 'file:builder-1.0.0.tgz' };

/** A new one of the project; `change` makes its manifest another one. */
export async function worktree(change: (manifest: Record<string, unknown>) => object = (m) => m): Promise<string> {
  const folder = await folderWith();
  await cp(path.join(template, 'app'), folder, { recursive: true });
  const file = path.join(folder, 'package.json');
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
  return folder;
}

export async function install(
  worktreePath: string,
  { folder, cachePath }: Shop,
  more: { setting?: string; limitBytes?: number } = {},
) {
  const details: string[] = [];
  const { limitBytes, ...settings } = more;
  const homePath = await folderWith();
  const done: Installed = await installDependencies({
    runner: await plainRunner(worktreePath),
    worktreePath,
    setting: 'auto',
    timeoutMs: 60_000,
    cachePath,
    prepared: { folder, homePath, searchPath, ...(limitBytes === undefined ? {} : { limitBytes }) },
    onDetail: (line) => details.push(line),
    ...settings,
  });
  return { outcome: done.outcome, details };
}
