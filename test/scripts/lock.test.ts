import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { run } from '#src/process.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'sentra-lock-'));
const lock = path.join(folder, 'state/lock');
const log = path.join(folder, 'log');
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process that takes the lock, writes "in", works for a moment, writes "out". */
const hold = () => {
  const module = path.resolve(import.meta.dirname, '../../scripts/lock.mjs');
  const program = `
    import fs from 'node:fs';
    import { withLock } from ${JSON.stringify(module)};
    await withLock(${JSON.stringify(lock)}, async () => {
      fs.appendFileSync(${JSON.stringify(log)}, 'in\\n');
      await new Promise((done) => setTimeout(done, 50));
      fs.appendFileSync(${JSON.stringify(log)}, 'out\\n');
    });`;
  const command = { command: process.execPath, args: ['--input-type=module', '-e', program], cwd: folder, env: {} };
  return run(command, { timeoutMs: 30_000 });
};

it('of six processes at once one at a time is inside, and a lock whose holder died stops none', async () => {
  const dead = await run({ command: process.execPath, args: ['-p', 'process.pid'], cwd: folder, env: {} });
  await mkdir(path.dirname(lock), { recursive: true });
  await writeFile(lock, `${dead.stdout.toString().trim()} ${Date.now()}`);
  const outcomes = await Promise.all(Array.from({ length: 6 }, hold));
  expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
  expect((await readFile(log, 'utf8')).trim()).toBe(Array(6).fill('in\nout').join('\n'));
  expect(await readdir(path.dirname(lock))).toEqual([]);
});
