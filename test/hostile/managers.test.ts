/** What package managers other than npm let a repository plant: each trick runs in the room alone, and marks the host where nothing confines it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { installDependencies } from '#src/environment/dependencies.ts';
import { readableCaches } from '#src/environment/package-caches.ts';
import { createRunner, harmlessEnvironment } from '#src/environment/runner.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { folderWith } from '../environment/folder.ts';
import { linkManager, type ManagerName, managerNames } from '../helpers/managers.ts';
import { tricks } from './manager-tricks.ts';

const links = await folderWith();
const fetched = managerNames.filter((name) => linkManager(name, path.join(links, name)));
const managersPlace = path.resolve(import.meta.dirname, '../../.data/managers');
const sandbox = createSandbox({ stateDir: await folderWith() });
afterAll(() => sandbox.close());

/** Undefined when the programs are there and do what the fixture needs, else what is missing. */
function findMissing(programs: readonly string[]): string | undefined {
  return programs.find((line) => {
    try {
      execFileSync('/bin/sh', ['-c', line], { stdio: 'ignore', timeout: 20_000 });
      return false;
    } catch {
      return true;
    }
  });
}

const isFetched = (name: string): name is ManagerName => (managerNames as string[]).includes(name);

/** Marks the host where it can, and says in its home that it ran, and how much of the host's environment it has. */
const strike = (outside: string) => `#!/bin/sh
echo x > "${outside}/$1" 2>/dev/null
echo "$1 $(env | grep -c EVIL_CANARY)" >> "$HOME/struck.log"
exit 0
`;

/** Installs, and does what the trick needs besides, confined or not. Answers what ran, and what of it marked the host. */
async function play({ manager, files, afterwards }: (typeof tricks)[number], isConfined: boolean) {
  const outside = await folderWith();
  const worktreePath = await folderWith({ 'strike.sh': strike(outside) });
  const homePath = await folderWith();
  for (const [name, text] of Object.entries(files({ worktreePath }))) {
    const file = path.join(worktreePath, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: `${text}`.startsWith('#!') ? 0o755 : 0o644 });
  }
  const own = isFetched(manager) ? [path.join(links, manager)] : [];
  const searchPath = [...own, path.dirname(process.execPath), process.env.PATH].join(':');
  const cachePath = await folderWith();
  for (const folder of readableCaches(cachePath)) mkdirSync(folder, { recursive: true });
  const baseEnv = harmlessEnvironment({ ...process.env, PATH: searchPath });
  const room = { worktreePath, homePath, readable: [...readableCaches(cachePath), ...own, managersPlace] };
  const open = (writable: string[]) =>
    createRunner({
      sandbox: isConfined ? sandbox : undefined,
      room: { ...room, writable, limits: { memoryBytes: 4e9, processes: 500, diskBytes: 4e9 } },
      baseEnv: isConfined ? baseEnv : { ...baseEnv, EVIL_CANARY: 'a secret of the host' },
    });
  let said = '';
  const onOutput = (chunk: Buffer | string) => {
    said += chunk;
  };
  const offline = {
    YARN_ENABLE_NETWORK: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
    CARGO_NET_OFFLINE: 'true',
    PIP_NO_INDEX: '1',
    npm_config_offline: 'true',
  };
  await installDependencies({
    runner: open([cachePath, ...readableCaches(cachePath)]),
    readingRunner: open([]),
    worktreePath,
    setting: 'auto',
    timeoutMs: 60_000,
    cachePath,
    prepared: { folder: await folderWith(), homePath, searchPath },
    onOutput,
    onDetail: onOutput,
    env: offline,
  });
  if (afterwards) await open([]).run(afterwards, { network: 'none', env: offline, timeoutMs: 60_000, onOutput });
  const log = path.join(homePath, 'struck.log');
  const struck = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  return { struck: [...new Set(struck)].sort(), marks: readdirSync(outside).sort(), said };
}

describe.concurrent.each(tricks)('$name', (trick) => {
  const needed = isFetched(trick.manager)
    ? fetched.includes(trick.manager)
      ? undefined
      : `${trick.manager} (node scripts/bootstrap.mjs --managers)`
    : findMissing(trick.needs ?? []);
  if (needed) console.warn(`\nLeft out: ${trick.name}, as this is not there: ${needed}`);
  const names = [...trick.plants].sort();

  test.skipIf(needed)('stays in the room', async () => {
    const { struck, marks, said } = await play(trick, true);
    expect(struck, said).toEqual(names.map((name) => `${name} 0`));
    expect(marks).toEqual([]);
  });

  test.skipIf(needed)('marks the host without one', async () => {
    const { struck, marks, said } = await play(trick, false);
    expect(
      struck.map((line) => line.split(' ')[0]),
      said,
    ).toEqual(names);
    expect(marks).toEqual(names);
  });
});
