import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Outcome, run } from '#src/process.ts';
import type { Room } from '#src/sandbox/sandbox.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createTestRoom, env, findAlive } from './room.ts';

const place = await createTestRoom();
const sandbox = createSandbox({ stateDir: place.stateDir });
afterAll(async () => {
  await sandbox.close();
  await place.remove();
});

const roomy = { memoryBytes: 2e9, processes: 500, diskBytes: 2e9 };

type Case = { script: string; limits?: Partial<NonNullable<Room['limits']>>; onLimit?: (why: string) => void };

async function confined({ script, limits = {}, onLimit }: Case): Promise<Outcome & { words: string }> {
  const command = { command: '/bin/sh', args: ['-c', script], cwd: place.room.worktreePath, env };
  const room = {
    ...place.room,
    network: 'none',
    limits: { ...roomy, ...limits },
    ...(onLimit ? { onLimit } : {}),
  } as const;
  const outcome = await run(await sandbox.confine(command, room), { timeoutMs: 60_000 });
  return { ...outcome, words: `${outcome.stdout}${outcome.stderr}` };
}

/** Programs that hold what they took for so many seconds. */
const eats = (seconds: number) =>
  `${process.execPath} -e "const kept = Buffer.alloc(400e6, 1); setTimeout(() => console.log('through', kept.length), ${seconds * 1000})"`;
/** In a file without a name: written, and mapped by nobody. */
const hides = (seconds: number) =>
  `perl -e 'my $name = "x"; my $fd = syscall(${process.arch === 'arm64' ? 279 : 319}, $name, 0); open(my $file, ">&=", $fd) or die; syswrite $file, "x" x 1e6 for 1 .. 400; sleep ${seconds}; print "through"'`;
const maps = (seconds: number) =>
  `python3 -c 'import mmap, os, time; fd = os.memfd_create("x"); os.truncate(fd, 400_000_000); kept = mmap.mmap(fd, 0); [kept.__setitem__(at, 1) for at in range(0, len(kept), 4096)]; time.sleep(${seconds}); print("through")'`;
const forks = (seconds: number) =>
  `i=0; while [ $i -lt 60 ]; do setsid sleep ${seconds}.25 & i=$((i+1)); done; sleep ${seconds}; echo through`;
const fills = (seconds: number) =>
  `mkdir full-${seconds}; for i in $(seq 30); do head -c 4000000 /dev/zero > full-${seconds}/$i; done; sleep ${seconds}; rm -r full-${seconds}; echo through`;

test.concurrent.each([
  {
    what: 'memory',
    script: eats(300),
    limits: { memoryBytes: 200e6 },
    says: /took \d+ MB of memory, and 200 are allowed.*limits.memoryMb/,
  },
  {
    what: 'memory that no process maps',
    script: hides(300),
    limits: { memoryBytes: 200e6 },
    says: /took \d+ MB of memory, and 200 are allowed.*limits.memoryMb/,
  },
  {
    what: 'processes',
    script: forks(300),
    limits: { processes: 20 },
    says: /had \d+ processes, and 20 are allowed.*limits.processes/,
  },
  {
    what: 'disk',
    script: fills(300),
    limits: { diskBytes: 40e6 },
    says: /came to \d+ MB, and 40 are allowed.*limits.diskMb/,
  },
])(
  'a room that goes over its limit of $what is ended, with the way out as its last words',
  async ({ script, limits, says }) => {
    const told: string[] = [];
    const ended = await confined({ script, limits, onLimit: (why) => void told.push(why) });
    expect(ended).toMatchObject({ endedBy: 'limit', exitCode: null });
    expect(ended.stderr.toString().trim().split('\n').at(-1)).toMatch(says);
    expect(told).toEqual([expect.stringMatching(says)]);
  },
);

test.concurrent('the same programs come to their end where they may take that much', async () => {
  const ended = await Promise.all([eats(2), hides(2), forks(2), fills(2)].map((script) => confined({ script })));
  expect(ended.map(({ endedBy, words }) => `${endedBy} ${/through/.exec(words)}`)).toEqual(
    Array(4).fill('exit through'),
  );
});

test('what a process has mapped of a file without a name counts once', async (context) => {
  if ((await confined({ script: 'python3 -c 1' })).exitCode !== 0) context.skip('Python maps files for this test');
  const { endedBy, words } = await confined({ script: maps(2), limits: { memoryBytes: 500e6 } });
  expect([endedBy, words]).toEqual(['exit', 'through\n']);
});

test('nothing of a room that was ended for its processes is left', async () => {
  expect(await findAlive('sleep\x00300.25')).toEqual([]);
});

test('one file, and what lies in memory, grows no further than the room may', async () => {
  await rm(join(place.room.worktreePath, 'full-300'), { recursive: true, force: true });
  const limits = { diskBytes: 20e6, memoryBytes: 80e6 };
  const script =
    'for at in big /tmp/x /dev/shm/x; do head -c 50000000 /dev/zero > $at; stat -c %s $at; rm $at; done; echo > /dev/x';
  const { words } = await confined({ script, limits });
  const sizes = words.match(/^\d+$/gm)?.map(Number) ?? [];
  expect(sizes).toHaveLength(3);
  for (const size of sizes) expect(size).toBeLessThanOrEqual(20e6 + 4096);
  expect(words).toMatch(/\/dev\/x: Read-only file system/);
});

test('a room has no more of the processor than what else goes on, and leaves no core files', async () => {
  expect((await confined({ script: 'nice; ulimit -c' })).words).toBe('5\n0\n');
});
