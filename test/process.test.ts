import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';

const fixture = path.resolve(import.meta.dirname, 'fixtures/start-child.ts');

/** A process that started a child and was then killed; answers the child's process id. */
async function killParent(...args: string[]): Promise<number> {
  const parent = spawn(process.execPath, [fixture, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout, 'data');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  return Number(line);
}

const isAlive = (group: number): boolean => {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
};

test('a child and what it started end with a parent that was killed', async () => {
  const child = await killParent();
  await expect.poll(() => isAlive(child), { timeout: 5_000 }).toBe(false);
});

test('a child that may outlive its parent does', async () => {
  const [mortal, lasting] = await Promise.all([killParent(), killParent('outlives')]);
  await expect.poll(() => isAlive(mortal), { timeout: 5_000 }).toBe(false);
  expect(isAlive(lasting)).toBe(true);
  process.kill(-lasting, 'SIGKILL');
});
