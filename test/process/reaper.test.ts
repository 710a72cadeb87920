import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { product } from '../helpers/sentra.ts';

const fixture = path.resolve(import.meta.dirname, '../fixtures/orphans.ts');

/** As process 1 of a container: a process table of its own, in which nobody else collects what ends. */
function startAsFirst(...args: string[]) {
  const room = ['--dev-bind', '/', '/', '--proc', '/proc', '--unshare-pid', '--as-pid-1', '--die-with-parent', '--'];
  const child = spawn('bwrap', [...room, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, output: text(child.stdout), ended: once(child, 'close') };
}

test.runIf(process.platform === 'linux')(
  'nothing of a thousand orphans is left where Sentra is process 1, and its signals and exit code pass',
  async () => {
    const { child, ended } = startAsFirst(fixture);
    child.stdin.end('as it came');
    const [line] = await once(child.stdout, 'data');
    expect(`${line}`).toBe('0 left, input as it came\n');
    const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'); // of bwrap: process 1 as seen from outside
    process.kill(Number(first), 'SIGTERM');
    await ended;
    expect(child.exitCode).toBe(7);
  },
);

test.runIf(process.platform === 'linux')('without a shell above it all of them are left', async () => {
  const { child, ended } = startAsFirst(fixture, 'alone');
  child.stdin.end();
  const [line] = await once(child.stdout, 'data');
  expect(`${line}`).toBe('1000 left, input \n');
  child.kill('SIGKILL');
  await ended;
});

test.runIf(process.platform === 'linux')('the command line works as process 1', async () => {
  const [good, wrong] = [startAsFirst(product, '--version'), startAsFirst(product, 'task', 'sho')];
  for (const { child } of [good, wrong]) child.stdin.end();
  expect(await good.output).toBe(`${packageJson.version}\n`);
  await Promise.all([good.ended, wrong.ended]);
  expect([good.child.exitCode, wrong.child.exitCode]).toEqual([0, 2]);
});
