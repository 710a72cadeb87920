import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ownIdentity } from '#src/git/lock-owner.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { tempDir } from './repository-fixture.ts';

const run = promisify(execFile);
const options = { cwd: new URL('../..', import.meta.url) };

const runCode = (code: string) => run(process.execPath, ['--input-type=module-typescript', '-e', code], options);

/** As on another machine: with a name, processes and process ids of its own, and the same disk. It ends with us. */
function startElsewhere(name: string, code: string): ChildProcess {
  const machine = ['--unshare-uts', '--hostname', name, '--unshare-pid', '--proc', '/proc', '--die-with-parent'];
  const node = [process.execPath, '--input-type=module-typescript', '-e', code];
  return spawn('bwrap', ['--dev-bind', '/', '/', ...machine, ...node], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const counting = (gitDir: string, file: string) => `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { withRepositoryLock } from '#src/git/repository-lock.ts';
  for (let i = 0; i < 20; i++) await withRepositoryLock(${JSON.stringify(gitDir)}, async () => {
    const count = Number(readFileSync(${JSON.stringify(file)}, 'utf8'));
    await new Promise((done) => setImmediate(done));
    writeFileSync(${JSON.stringify(file)}, String(count + 1));
  });`;

/** The lock as somebody left it. */
function leave(gitDir: string, owner: object | string): string {
  const file = join(gitDir, 'sentra.lock', 'left');
  mkdirSync(join(gitDir, 'sentra.lock'));
  writeFileSync(file, typeof owner === 'string' ? owner : JSON.stringify(owner));
  return file;
}

const take = (gitDir: string) => withRepositoryLock(gitDir, async () => 'in');

test('it lets one in at a time and is free after a failure, with nothing left', async () => {
  const gitDir = tempDir();
  let inside = 0;
  let most = 0;
  const act = () =>
    withRepositoryLock(gitDir, async () => {
      most = Math.max(most, ++inside);
      await new Promise((done) => setImmediate(done));
      inside--;
    });
  await Promise.all([act(), withRepositoryLock(gitDir, () => Promise.reject(new Error('x'))).catch(() => {}), act()]);
  expect(most).toBe(1);
  expect(readdirSync(gitDir)).toEqual([]);
});

test('six processes that count in a file lose no count', async () => {
  const gitDir = tempDir();
  const file = join(gitDir, 'count');
  writeFileSync(file, '0');
  const code = counting(gitDir, file);
  await Promise.all(Array.from({ length: 6 }, () => runCode(code)));
  expect(readFileSync(file, 'utf8')).toBe('120');
});

test('two processes on each of two machines that share the disk lose no count either', async () => {
  const gitDir = tempDir();
  const file = join(gitDir, 'count');
  writeFileSync(file, '0');
  const code = counting(gitDir, file);
  const children = ['one', 'one', 'two', 'two'].map((name) => startElsewhere(`machine-${name}`, code));
  expect(await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))).toEqual([0, 0, 0, 0]);
  expect(readFileSync(file, 'utf8')).toBe('80');
  expect(readdirSync(gitDir)).toEqual(['count']);
}, 60_000);

test.concurrent('one that died on another machine is taken over once nobody can think it alive', async () => {
  const gitDir = tempDir();
  const code = `import { withRepositoryLock } from '#src/git/repository-lock.ts';
    await withRepositoryLock(${JSON.stringify(gitDir)}, async () => { console.log('in'); await new Promise(() => setInterval(() => {}, 1e9)); });`;
  const child = startElsewhere('machine-two', code);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  let taken = false;
  const mine = withRepositoryLock(gitDir, async () => {
    taken = true;
  });
  await expect
    .poll(() => readdirSync(gitDir).some((name) => name.startsWith('sentra.lock.')), { timeout: 10_000 })
    .toBe(true);
  expect(taken).toBe(false);
  child.kill('SIGKILL');
  await mine;
  expect(readdirSync(gitDir)).toEqual([]);
}, 60_000);

test('one left by a process that died is taken over at once', async () => {
  const gitDir = tempDir();
  const code = `import { withRepositoryLock } from '#src/git/repository-lock.ts';
    await withRepositoryLock(${JSON.stringify(gitDir)}, async () => process.kill(process.pid, 'SIGKILL'));`;
  await expect(runCode(code)).rejects.toMatchObject({ signal: 'SIGKILL' });
  expect(readdirSync(join(gitDir, 'sentra.lock'))).toHaveLength(1);
  const startedAt = performance.now();
  expect(await take(gitDir)).toBe('in');
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(readdirSync(gitDir)).toEqual([]);
});

test('what a waiting process left when it was killed is removed', async () => {
  const gitDir = tempDir();
  const [dead, alive] = ['1', ownIdentity().startedAt].map((startedAt) => {
    const name = crypto.randomUUID();
    mkdirSync(join(gitDir, `sentra.lock.${name}`));
    writeFileSync(join(gitDir, `sentra.lock.${name}`, name), JSON.stringify({ ...ownIdentity(), startedAt }));
    return `sentra.lock.${name}`;
  });
  await take(gitDir);
  expect(readdirSync(gitDir)).toEqual([alive]);
  expect(dead).not.toBe(alive);
});

test('one whose process id is now that of another process is taken over', async () => {
  const gitDir = tempDir();
  leave(gitDir, { ...ownIdentity(), startedAt: '1' });
  expect(await take(gitDir)).toBe('in');
});

test.concurrent('one of another machine is waited for while it has a pulse, and taken over when that stops', async () => {
  const gitDir = tempDir();
  const file = leave(gitDir, { place: 'elsewhere', pid: 1, startedAt: '1' });
  let beats = 0;
  const pulse = setInterval(() => {
    utimesSync(file, new Date(), 1_000 + beats); // its clock is decades behind
    if (++beats === 7) clearInterval(pulse);
  }, 1_000);
  expect(await take(gitDir)).toBe('in');
  expect(beats).toBe(7);
}, 30_000);

test.concurrent('one that nobody can read is taken over too', async () => {
  const gitDir = tempDir();
  leave(gitDir, '');
  expect(await take(gitDir)).toBe('in');
}, 20_000);

test('a repository that is gone is named', async () => {
  const gitDir = join(tempDir(), 'gone');
  await expect(take(gitDir)).rejects.toMatchObject({ code: 'repository_missing' });
  expect(existsSync(gitDir)).toBe(false);
});
