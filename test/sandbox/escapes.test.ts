import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { registryHosts } from '#src/domain/registries.ts';
import { createRunner, harmlessEnvironment } from '#src/environment/runner.ts';
import { makePrivateGit } from '#src/git/private-git.ts';
import type { Outcome } from '#src/process.ts';
import type { RoomGit } from '#src/sandbox/sandbox.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createWorld } from './escapes/world.ts';

const limits = { memoryBytes: 2e9, processes: 500, diskBytes: 2e9 };
const egress = { allowed: registryHosts, trusted: registryHosts, setting: 'network.allow' };

type Guard = 'none' | 'shared' | 'private';

/** The same attacks by the same program, with the guards or without; answers which of them succeeded, with their words. */
async function attack(guard: Guard) {
  const isConfined = guard !== 'none';
  const world = await createWorld();
  const sandbox = createSandbox({ stateDir: world.stateDir });
  try {
    const all = { ...process.env, AWS_SECRET_ACCESS_KEY: world.canary };
    const own = guard === 'private' ? { privateGit: () => openGit(world) } : {};
    const settings = { room: { ...world.room, ...own, egress, limits }, sandbox: isConfined ? sandbox : undefined };
    const baseEnv = isConfined ? harmlessEnvironment(all) : withoutGaps(all);
    const runner = createRunner({ ...settings, baseEnv });
    const proxy = { host: '127.0.0.1', port: isConfined ? 3128 : await world.carelessProxy() };
    const ended = await runner.run(world.command(proxy), { network: 'proxy', timeoutMs: 120_000 });
    const words = readWords(ended);
    const found = new Map<string, string>();
    for (const [name, said] of Object.entries(words))
      if (await world.succeeded(name, said)) found.set(name, said.replaceAll(world.canary, 'CANARY').slice(0, 200));
    return { words, found };
  } finally {
    await sandbox.close();
    await world.close();
  }
}

/** A git directory of the room's own, as `isolation: "private"` gives it. */
async function openGit({ room, stateDir }: Awaited<ReturnType<typeof createWorld>>): Promise<RoomGit> {
  const { repositoryPath = '', gitDir = '', worktreePath } = room;
  const folder = await mkdtemp(path.join(stateDir, 'room-'));
  const histories = path.join(stateDir, 'history');
  const request = {
    folder,
    histories,
    worktreePath,
    baseBranch: 'main',
    identity: { name: 'Test', email: 'test@localhost' },
  };
  const made = await makePrivateGit({ path: repositoryPath, gitDir }, request);
  return { folder, ...made, remove: () => rm(folder, { recursive: true }) };
}

function readWords({ stdout, stderr }: Outcome): Record<string, string> {
  if (!stdout.length) throw new Error(`The probes said nothing: ${stderr}`);
  return JSON.parse(stdout.toString());
}

const withoutGaps = (all: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** Attacks on what not every host has: where there is nothing to attack, they prove nothing. */
const notEverywhere = [
  ...['call the kernel by its keys', 'the memory of the kernel', 'the log of the kernel', 'set a value of a driver'],
  ...['a key of the user in the kernel', 'the names of keys in the kernel', 'a ring of calls that nobody filters'],
  ...['a socket to the host of a virtual machine', 'a way to the metadata of a cloud', 'a way to the internet'],
];
const needRoot = [
  ...[
    'passwords of the system',
    'a file by its handle',
    'memory of another process',
    'change its root',
    'make a device',
  ],
  ...['write into /etc', 'write into /usr/local/bin', 'make the disk writable and write', 'mount over a folder'],
  ...['go to the namespaces of another process', 'set a value of the kernel', 'become root by a file of its own'],
  ...[
    'a socket of its own making',
    'a socket that hears all',
    'load a program into the kernel',
    'go before all others',
  ],
];

describe('a hundred attacks', () => {
  let [open, closed, apart]: Awaited<ReturnType<typeof attack>>[] = [];
  beforeAll(async () => {
    [open, closed, apart] = await Promise.all([attack('none'), attack('shared'), attack('private')]);
  }, 240_000);

  test('each succeed where nothing confines the program', () => {
    const mayFail = [...notEverywhere, ...(process.getuid?.() === 0 ? [] : needRoot)];
    const harmless = Object.entries(open?.words ?? {}).filter(
      ([name]) => !open?.found.has(name) && !mayFail.includes(name),
    );
    expect(harmless).toEqual([]);
    expect(open?.found.size).toBeGreaterThan(process.getuid?.() === 0 ? 100 : 80);
  });

  test('all fail in a room, with the git directory of the repository and with one of its own', () => {
    expect(Object.keys(closed?.words ?? {})).toEqual(Object.keys(open?.words ?? {}));
    expect([...(closed?.found ?? [])]).toEqual([]);
    expect(Object.keys(apart?.words ?? {})).toEqual(Object.keys(open?.words ?? {}));
    expect([...(apart?.found ?? [])]).toEqual([]);
    console.info(`${open?.found.size} attacks succeed without the wall, ${closed?.found.size} with it`);
  });
});
