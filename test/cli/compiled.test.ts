import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#src/process.ts';
import { makeFolder } from '../helpers/repository.ts';
import { product } from '../helpers/sentra.ts';

test('what a command compiled stays in its home for the next one, and a home that is not there is not made', async () => {
  const folder = makeFolder('compiled');
  const version = async (home: string) => {
    const env = { PATH: process.env.PATH ?? '', HOME: folder, SENTRA_HOME: home };
    const { stdout } = await run({ command: process.execPath, args: [product, '--version'], cwd: folder, env });
    return stdout.toString();
  };
  expect(await version(folder)).toMatch(/^\d/);
  const [kept = ''] = readdirSync(path.join(folder, 'compiled'));
  expect(readdirSync(path.join(folder, 'compiled', kept)).length).toBeGreaterThan(50);
  expect(await version(path.join(folder, 'none'))).toMatch(/^\d/);
  expect(existsSync(path.join(folder, 'none'))).toBe(false);
});
