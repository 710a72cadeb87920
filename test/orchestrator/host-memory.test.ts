import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseVmStat, readGroups, readMemory } from '#src/orchestrator/host-memory.ts';
import { makeFolder } from '../helpers/repository.ts';

function makeHost(files: Record<string, string>): string {
  const root = makeFolder('host');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

test('a container of today limits memory, and files kept at hand count as free', () => {
  const root = makeHost({
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': '2000000\n',
    'sys/fs/cgroup/memory.current': '1500000\n',
    'sys/fs/cgroup/memory.stat': 'anon 100\nfile 900000\ninactive_file 700000\n',
  });
  expect(readGroups(root)).toEqual([{ limit: 2_000_000, used: 800_000 }]);
});

test('a limit of a group further up holds too, and "max" is none', () => {
  const root = makeHost({
    'proc/self/cgroup': '0::/user.slice/app.scope\n',
    'sys/fs/cgroup/user.slice/memory.max': '3000000\n',
    'sys/fs/cgroup/user.slice/memory.current': '10\n',
    'sys/fs/cgroup/user.slice/app.scope/memory.max': 'max\n',
    'sys/fs/cgroup/user.slice/app.scope/memory.current': '10\n',
  });
  expect(readGroups(root)).toEqual([{ limit: 3_000_000, used: 10 }]);
});

test('groups of the first kind are read, where the path is that of the host', () => {
  const root = makeHost({
    'proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '1000000\n',
    'sys/fs/cgroup/memory/memory.usage_in_bytes': '900000\n',
    'sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 100000\n',
  });
  expect(readGroups(root)).toEqual([{ limit: 1_000_000, used: 800_000 }]);
  expect(readGroups(makeFolder('host'))).toEqual([]);
});

test('this host has memory, some of it free', async () => {
  const { total, free } = await readMemory();
  expect(free).toBeGreaterThan(0);
  expect(free).toBeLessThan(total);
});

test('what vm_stat of macOS tells is understood', () => {
  const text = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10.
Pages active:                            500.
Pages inactive:                           30.
Pages speculative:                         5.
Pages purgeable:                           5.
`;
  expect(parseVmStat(text)).toBe(50 * 16_384);
  expect(parseVmStat('')).toBeUndefined();
});
