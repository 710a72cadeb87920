import path from 'node:path';
import { expect, it } from 'vitest';
import { detectPackageManager } from '#src/environment/package-manager.ts';
import { detectTestCommand } from '#src/environment/test-command.ts';
import { folderWith } from './folder.ts';

const manifest = (more: object = {}) =>
  JSON.stringify({ dependencies: { a: '1' }, scripts: { test: 'node --test' }, ...more });
const npmQuick = '--prefer-offline --no-audit --no-fund';

it.each([
  [{ 'package.json': manifest(), 'package-lock.json': '{}' }, `npm ci ${npmQuick}`, 'npm test'],
  [{ 'package.json': manifest() }, `npm install --no-package-lock ${npmQuick}`, 'npm test'],
  [
    { 'package.json': manifest(), 'pnpm-lock.yaml': '', 'package-lock.json': '{}' },
    'pnpm install --frozen-lockfile --prefer-offline',
    'pnpm test',
  ],
  [
    { 'package.json': manifest(), 'pnpm-lock.yaml': '', 'pnpm-workspace.yaml': 'packages: []' },
    'pnpm install --frozen-lockfile --prefer-offline',
    'pnpm test',
  ],
  [
    { 'package.json': manifest({ packageManager: 'npm@11.0.0' }), 'yarn.lock': '', 'package-lock.json': '{}' },
    `npm ci ${npmQuick}`,
    'npm test',
  ],
  [
    { 'package.json': manifest(), 'yarn.lock': '# yarn lockfile v1' },
    'yarn install --non-interactive --prefer-offline --frozen-lockfile',
    'yarn test',
  ],
  [
    { 'package.json': manifest({ packageManager: 'yarn@4.1.0' }), 'yarn.lock': '' },
    'yarn install --immutable',
    'yarn test',
  ],
  [{ 'package.json': manifest(), 'bun.lock': '' }, 'bun install --frozen-lockfile', 'bun run test'],
  [{ 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' }, undefined, undefined],
  [{ 'package.json': '{"scripts":{"test":"node --test"}}' }, undefined, 'npm test'],
  [
    { 'package.json': '{"scripts":{"test":"pnpm -r test"}}', 'pnpm-lock.yaml': '', 'pnpm-workspace.yaml': '' },
    'pnpm install --frozen-lockfile --prefer-offline',
    'pnpm test',
  ],
  [{ 'package.json': '{"private":true}', 'go.mod': 'module x', 'go.sum': '' }, 'go mod download', 'go test ./...'],
  [{ 'package.json': 'not json' }, undefined, undefined],
  [{ 'uv.lock': '', 'pyproject.toml': '[tool.pytest.ini_options]\n' }, 'uv sync --frozen', 'uv run --frozen pytest'],
  [{ 'pytest.ini': '' }, undefined, 'python3 -m pytest'],
  [{ 'go.mod': 'module x', 'go.sum': '' }, 'go mod download', 'go test ./...'],
  [{ 'Cargo.toml': '', 'Cargo.lock': '' }, 'cargo fetch --locked', 'cargo test'],
  [{ 'pom.xml': '', mvnw: '' }, './mvnw -q -B dependency:go-offline', './mvnw -B test'],
  [{ 'build.gradle.kts': '' }, undefined, 'gradle test'],
  [{ 'README.md': '' }, undefined, undefined],
])('a project with %o installs by %s and tests by %s', async (files, install, test) => {
  const folder = await folderWith(files as Record<string, string>);
  expect((await detectPackageManager(folder))?.command.join(' ')).toBe(install);
  expect(await detectTestCommand(folder)).toBe(test);
});

it('the command of sentra.json wins over what the files say', async () => {
  expect(await detectTestCommand(await folderWith({ 'go.mod': '' }), 'make check')).toBe('make check');
});

it('a workspace file of pnpm above a worktree that has none is not climbed to', async () => {
  const above = await folderWith({
    'pnpm-workspace.yaml': 'packages: ["**"]',
    'below/package.json': manifest(),
    'below/pnpm-lock.yaml': '',
  });
  const { command } = (await detectPackageManager(path.join(above, 'below'))) ?? {};
  expect(command).toContain('--ignore-workspace');
});
