import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createUsage } from '#src/orchestrator/usage.ts';
import { memoryOf, type Process, parsePs, parseStat } from '#src/process/processes.ts';
import { endTree, start } from '#src/process.ts';

const home = '/tmp/one-sentra';
const task = 'task-aaaa00000001';

/** A process as `ps` tells it: with its environment, so that nothing of this host is asked. */
const one = (pid: number, parent: number, cpuSeconds: number, more: Partial<Process> = {}): Process => ({
  pid,
  parent,
  group: pid,
  session: pid,
  startedAt: 'then',
  cpuSeconds,
  resident: 10,
  shareable: 0,
  words: 'node',
  ...more,
});
const agent = (pid: number, cpuSeconds: number) =>
  one(pid, 1, cpuSeconds, { words: `node HOME=${home}/homes/${task}` });

async function spentOver(...looks: Process[][]): Promise<number> {
  const left = [...looks];
  const usage = createUsage(home, async () => left.shift() ?? []);
  for (const _ of looks) await usage.sampleOnce();
  return usage.take()[0]?.cpuSeconds ?? 0;
}

test('a child that its parent waited for counts once, in the figure of the parent', async () => {
  expect(await spentOver([agent(10, 1), one(11, 10, 4)], [agent(10, 6)])).toBe(6);
});

test('a process that outlives its parent counts once, though nobody started it any more', async () => {
  const orphan = (parent: number, seconds: number) => one(11, parent, seconds, { session: 10, group: 10 });
  expect(await spentOver([agent(10, 1), orphan(10, 4)], [orphan(1, 5)], [orphan(1, 7)])).toBe(8);
});

test('a second program of a task adds to what the first one took', async () => {
  expect(await spentOver([agent(10, 3)], [], [agent(20, 2)])).toBe(5);
});

test('what other tasks and other homes run is not counted', async () => {
  const other = one(30, 1, 9, { words: 'node HOME=/tmp/another-sentra/homes/task-aaaa00000001' });
  const usage = createUsage(home, async () => [agent(10, 1), other, one(31, 30, 1)]);
  await usage.sampleOnce();
  expect([...usage.now().keys()]).toEqual([task]);
  expect(usage.now().get(task)?.processes).toBe(1);
});

test('what could not be kept is offered again, with what came since', async () => {
  const usage = createUsage(home, async () => [agent(10, 3)]);
  await usage.sampleOnce();
  const first = usage.take();
  expect(usage.take()).toEqual([]);
  usage.giveBack(first);
  usage.giveBack([{ taskId: task, cpuSeconds: 1, peakMemory: 5 }]);
  expect(usage.take()).toEqual([{ taskId: task, cpuSeconds: 4, peakMemory: 10 }]);
});

test('memory that processes of a task share counts once', () => {
  const tree = [one(1, 0, 0, { resident: 100, shareable: 40 }), one(2, 1, 0, { resident: 70, shareable: 30 })];
  expect(memoryOf(tree)).toBe(60 + 40 + 40);
});

test('a name with brackets and spaces does not shift the fields of /proc', () => {
  const text = `4242 (a) (b c) S 7 4240 4239 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 987 1000 5 ${'0 '.repeat(28)}`;
  expect(parseStat(text)).toMatchObject({
    pid: 4242,
    parent: 7,
    group: 4240,
    session: 4239,
    startedAt: '987',
    cpuSeconds: 2.5,
  });
  expect(parseStat('')).toBeUndefined();
});

test('what ps of macOS tells is understood', () => {
  const line = `  501   1   501      0   20480   1:02.50 Sat Nov 21 14:06:01 2026     node agent.mjs HOME=${home}/homes/${task} LANG=C`;
  expect(parsePs(`${line}\n\n`)).toMatchObject([
    { pid: 501, parent: 1, group: 501, cpuSeconds: 62.5, resident: 20_971_520 },
  ]);
});

test.runIf(process.platform === 'linux')(
  'a running program and its children show their memory and processor time',
  async () => {
    const script = 'node -e "while (process.cpuUsage().user < 300000); setTimeout(() => {}, 60000)" & wait';
    const child = start({
      command: '/bin/sh',
      args: ['-c', script],
      cwd: '/',
      env: { HOME: `${home}/homes/${task}`, PATH: process.env.PATH ?? '' },
    });
    const usage = createUsage(home);
    try {
      let seconds = 0;
      await expect
        .poll(
          async () => {
            await usage.sampleOnce();
            seconds += usage.take()[0]?.cpuSeconds ?? 0;
            return seconds;
          },
          { timeout: 20_000 },
        )
        .toBeGreaterThan(0.2);
      const now = usage.now().get(task);
      expect(now?.processes).toBeGreaterThanOrEqual(2);
      expect(now?.memory).toBeGreaterThan(20e6);
    } finally {
      await endTree(child);
    }
  },
);

test.runIf(process.platform === 'linux')(
  'a look at 200 tasks never keeps the server from its turns for 50 ms',
  async () => {
    const children = Array.from({ length: 200 }, (_, i) =>
      start({
        command: '/bin/sh',
        args: ['-c', 'sleep 600 & sleep 600 & wait'],
        cwd: '/',
        env: { HOME: `${home}/homes/task-aaaa0000${String(i).padStart(4, '0')}`, PATH: '/usr/bin:/bin' },
      }),
    );
    try {
      const usage = createUsage(home);
      await expect
        .poll(
          async () => {
            await usage.sampleOnce();
            return [...usage.now().values()].reduce((sum, one) => sum + one.processes, 0);
          },
          { timeout: 20_000 },
        )
        .toBe(600);
      expect(await longestTurnMs(() => usage.sampleOnce())).toBeLessThan(50);
    } finally {
      await Promise.all(children.map(endTree));
    }
  },
);

/** In processor time, so that other programs of this host do not count. */
async function longestTurnMs(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let done = false;
  const watch = async () => {
    while (!done) {
      const before = process.cpuUsage();
      await nextTurn();
      const { user, system } = process.cpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
  };
  const watching = watch();
  await work();
  done = true;
  await watching;
  return longest;
}
