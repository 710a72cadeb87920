import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { type Command, type RunOptions, run, start } from '#src/process.ts';
import { isAlive, readProc } from '../helpers/alive.ts';
import { listLaunchers, untilLaunched } from '../helpers/launchers.ts';

const command = (name: string, ...args: string[]): Command => ({
  command: name,
  args,
  cwd: '/',
  env: { PATH: process.env.PATH ?? '' },
});
const sh = (script: string, options?: RunOptions) => run(command('/bin/sh', '-c', script), options);

beforeAll(untilLaunched);

test('an outcome tells exit code, both streams, and what the input was for', async () => {
  const done = await sh('cat; echo bad >&2; exit 7', { input: Buffer.from([0, 255, 10]) });
  expect(done).toMatchObject({ exitCode: 7, endedBy: 'exit', truncated: false });
  expect(done.stdout).toEqual(Buffer.from([0, 255, 10]));
  expect(done.stderr.toString()).toBe('bad\n');
});

test('a program ended by a signal says so', async () => {
  expect(await sh('kill -9 $$')).toMatchObject({ exitCode: null, endedBy: 'signal' });
});

test('what a killed program left behind, holding its output, ends with it', async () => {
  const script = 'sleep 600 & echo $!; kill -9 $$';
  const { stdout, endedBy } = await sh(script);
  const child = start(command('/bin/sh', '-c', script));
  const [line] = await once(child.stdout as Readable, 'data');
  await once(child, 'close');
  expect(endedBy).toBe('signal');
  await expect.poll(() => [stdout, line].filter((pid) => isAlive(Number(pid)))).toEqual([]);
});

test('arguments arrive as they are', async () => {
  const args = ['', ' a  b ', '"q" \'s\' $(id) `id` \\', 'line\nline', '-n', 'Ünï 🚢', '\u0001\u001b[0m'];
  const done = await run(command('printf', '%s\\0', ...args));
  expect(done.stdout.toString().split('\0').slice(0, -1)).toEqual(args);
});

test('an argument that no program can get is an error, and the next call works', async () => {
  await expect(run(command('echo', 'a\0b'))).rejects.toThrow(/echo cannot be started in \/: .*null bytes/);
  expect((await sh('echo on')).stdout.toString()).toBe('on\n');
});

test('the environment is what was given and nothing else', async () => {
  const done = await run({ command: '/usr/bin/env', args: ['-0'], cwd: '/', env: { A: 'one', B: 'x=y\nz' } });
  expect(done.stdout.toString()).toBe('A=one\0B=x=y\nz\0');
});

test('a program that is not there, and a folder that is not there, are named', async () => {
  await expect(run(command('no-such-program'))).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('no-such-program cannot be started in /'),
  });
  const nowhere = { ...command('true'), cwd: '/no/such/folder' };
  await expect(run(nowhere)).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('/no/such/folder'),
  });
});

test('64 MiB come whole, and less is kept where less is asked for', async () => {
  const bytes = 64 * 1024 * 1024;
  const script = `head -c ${bytes} /dev/zero | tr '\\0' x; echo end`;
  const whole = await sh(script, { keepBytes: 2 * bytes });
  expect(whole.truncated).toBe(false);
  const expected = createHash('md5').update(Buffer.alloc(bytes, 'x')).update('end\n').digest('hex');
  expect(createHash('md5').update(whole.stdout).digest('hex')).toBe(expected);
  const end = await sh(script, { keepBytes: 1000 });
  expect(end.truncated).toBe(true);
  expect(end.stdout.toString()).toBe(`${'x'.repeat(996)}end\n`);
});

test('lines come one by one, from both streams', async () => {
  const lines: string[] = [];
  await sh('echo a; printf "b\\r\\nc"; echo d >&2', { onLine: (line, stream) => lines.push(`${stream} ${line}`) });
  expect(lines.sort()).toEqual(['stderr d', 'stdout a', 'stdout b', 'stdout c']);
});

test('a launcher whose answers nobody takes holds its programs back instead of filling up', async () => {
  const stop = new AbortController();
  const endless = run(command('yes', 'word'), { keepBytes: 1000, signal: stop.signal });
  const residentPages = () => Math.max(...listLaunchers().map((pid) => Number(readProc(`${pid}/statm`).split(' ')[1])));
  const before = residentPages();
  for (const startedAt = Date.now(); Date.now() - startedAt < 500; ); // nothing is taken meanwhile
  const grownMb = ((residentPages() - before) * 4096) / 1e6;
  stop.abort();
  expect((await endless).endedBy).toBe('abort');
  expect(grownMb).toBeLessThan(40);
});

test('a program waits while what it wrote is not taken, and goes on when it is', async () => {
  const lines: string[] = [];
  let take = () => {};
  const taken = new Promise<void>((done) => {
    take = done;
  });
  const script = 'i=0; while [ $i -lt 400 ]; do head -c 20000 /dev/zero | tr "\\0" x; echo; i=$((i+1)); done; echo end';
  const onLine = (line: string) => {
    lines.push(line);
    return taken;
  };
  const running = sh(script, { onLine, idleMs: 20_000 });
  let seen = -1;
  await expect
    .poll(
      () => {
        const stands = lines.length > 0 && lines.length === seen;
        seen = lines.length;
        return stands;
      },
      { interval: 1_000, timeout: 50_000 },
    )
    .toBe(true);
  expect(lines.length).toBeLessThan(300);
  take();
  expect((await running).endedBy).toBe('exit');
  expect([lines.length, lines.at(-1)]).toEqual([401, 'end']);
});

test('a program that has to wait is ended all the same when it is aborted', async () => {
  const stop = new AbortController();
  let heard = 0;
  const onOutput = (chunk: Buffer) => {
    heard += chunk.length;
    return new Promise(() => {}); // nobody ever takes it
  };
  const endless = run(command('yes', 'word'), { keepBytes: 1000, onOutput, idleMs: 300, signal: stop.signal });
  await expect.poll(() => heard).toBeGreaterThan(1024 * 1024);
  stop.abort();
  expect((await endless).endedBy).toBe('abort');
});

test.each<[string, () => RunOptions]>([
  ['timeout', () => ({ timeoutMs: 200 })],
  ['idle', () => ({ idleMs: 200 })],
  ['abort', () => ({ signal: AbortSignal.timeout(200) })],
])('%s ends the whole tree, at first kindly', async (endedBy, options) => {
  const script = 'trap "echo bye; exit" TERM; (trap "" TERM; sleep 600) & echo $!; wait';
  const lines: string[] = [];
  const done = await sh(script, { ...options(), onLine: (line) => lines.push(line) });
  expect(done.endedBy).toBe(endedBy);
  expect(lines).toEqual([expect.stringMatching(/^\d+$/), 'bye']);
  await expect.poll(() => isAlive(Number(lines[0]))).toBe(false);
});

test('a program that left another one behind, holding its output, ends in time all the same', async () => {
  const done = await sh('sleep 600 & echo $!', { timeoutMs: 300 });
  expect(done.endedBy).toBe('timeout');
  await expect.poll(() => isAlive(Number(done.stdout))).toBe(false);
});

test('calls in flight when the launcher is killed end with an error, their programs with them; later ones work', async () => {
  const pids: number[] = [];
  const inFlight = Array.from({ length: 5 }, () => sh('echo $$; sleep 600', { onLine: (line) => pids.push(+line) }));
  await expect.poll(() => pids.length).toBe(5);
  for (const pid of listLaunchers()) process.kill(pid, 'SIGKILL');
  for (const call of inFlight)
    await expect(call).rejects.toMatchObject({ code: 'lost', message: expect.stringMatching(/cut off.*Try again/) });
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  expect((await Promise.all(Array.from({ length: 20 }, () => sh('echo on')))).map((d) => `${d.stdout}`)).toEqual(
    Array.from({ length: 20 }, () => 'on\n'),
  );
  await untilLaunched();
});

test('a program runs no more than once while launchers are killed at any moment', async () => {
  const counts = new Map<string, number>();
  const one = async (name: string) => {
    const onLine = () => counts.set(name, (counts.get(name) ?? 0) + 1);
    const answer = await sh('echo began; sleep 0.05', { onLine }).catch((e) => e.code);
    expect(answer === 'lost' || answer.exitCode === 0).toBe(true);
  };
  for (let round = 0; round < 4; round++) {
    const calls = Array.from({ length: 20 }, (_, i) => one(`${round}-${i}`));
    if (round % 2) await Promise.race(calls);
    for (const pid of listLaunchers()) process.kill(pid, 'SIGKILL');
    await Promise.all(calls);
  }
  expect(Math.max(...counts.values())).toBe(1);
});
