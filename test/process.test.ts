import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from './helpers/alive.ts';

const fixture = path.resolve(import.meta.dirname, 'fixtures/start-child.ts');

/** A process that started a child and was then killed; answers the child's process id. */
async function killParent(...args: string[]): Promise<number> {
  const parent = spawn(process.execPath, [fixture, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  return Number(line);
}

test.each([[[]], [['run']]])('a child and what it started end with a parent that was killed %j', async (modes) => {
  const child = await killParent(...modes);
  await expect.poll(() => isAlive(child), { timeout: 5_000 }).toBe(false);
});

test.each([[[]], [['run']]])('a child that may outlive its parent does %j', async (modes) => {
  const [mortal, lasting] = await Promise.all([killParent(...modes), killParent(...modes, 'outlives')]);
  await expect.poll(() => isAlive(mortal), { timeout: 5_000 }).toBe(false);
  expect(isAlive(lasting)).toBe(true);
  process.kill(-lasting, 'SIGKILL');
});
