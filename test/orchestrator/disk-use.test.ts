import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDiskUse, measure } from '#src/orchestrator/disk-use.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sentra-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const megabyte = Buffer.alloc(1_048_576, 1);

test('names of one file count once and symbolic links are not followed', async () => {
  const outside = path.join(folder, 'outside');
  const root = path.join(folder, 'root');
  for (const one of [outside, root, path.join(root, 'deep')]) mkdirSync(one);
  writeFileSync(path.join(outside, 'big'), megabyte);
  symlinkSync(outside, path.join(root, 'link'));
  writeFileSync(path.join(root, 'file'), megabyte);
  linkSync(path.join(root, 'file'), path.join(root, 'deep', 'again'));
  const bytes = (await measure(root)) ?? 0;
  expect(bytes).toBeGreaterThanOrEqual(megabyte.length);
  expect(bytes).toBeLessThan(1.5 * megabyte.length);
});

test('a folder with more entries than are counted has no size, nor has one that is not there', async () => {
  for (const name of ['a', 'b', 'c']) writeFileSync(path.join(folder, name), name);
  expect(await measure(folder, 2)).toBeNull();
  expect(await measure(path.join(folder, 'gone'))).toBeNull();
});

test('the size is unknown at first and known a moment later', async () => {
  writeFileSync(path.join(folder, 'file'), megabyte);
  const bytesOf = createDiskUse();
  expect(bytesOf(folder)).toBeNull();
  await expect.poll(() => bytesOf(folder)).toBeGreaterThan(0);
});
