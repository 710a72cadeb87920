import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { measure, measureInBackground } from '#src/orchestrator/disk-use.ts';
import { surveyDisk } from '#src/orchestrator/survey.ts';
import { makeFolder } from '../helpers/repository.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder('disk');
});

const megabyte = Buffer.alloc(1_048_576, 1);
const inMegabytes = (bytes: number | undefined) => Math.round((bytes ?? -1) / megabyte.length);

function makeTree(name: string, files: Record<string, Buffer | string>): string {
  const root = path.join(folder, name);
  mkdirSync(path.join(root, 'deep'), { recursive: true });
  for (const [file, from] of Object.entries(files)) {
    if (typeof from === 'string') linkSync(from, path.join(root, file));
    else writeFileSync(path.join(root, file), from);
  }
  return root;
}

test('names of one file count once and symbolic links are not followed', async () => {
  const outside = makeTree('outside', { big: megabyte });
  const root = makeTree('root', { file: megabyte });
  symlinkSync(outside, path.join(root, 'link'));
  linkSync(path.join(root, 'file'), path.join(root, 'deep', 'again'));
  expect(inMegabytes((await measure(root)) ?? 0)).toBe(1);
  const { folders } = await surveyDisk([root], []);
  expect(inMegabytes(folders[root]?.own)).toBe(1);
  expect(folders[root]?.shared).toBe(0);
});

test('what tasks share with a cache is the cache own, and what only they share counts once', async () => {
  const cache = makeTree('cache', { prepared: megabyte });
  const one = makeTree('one', { mine: megabyte, prepared: path.join(cache, 'prepared'), both: megabyte });
  const two = makeTree('two', { prepared: path.join(cache, 'prepared'), both: path.join(one, 'both') });
  const { folders, sharedOnce } = await surveyDisk([one, two, path.join(folder, 'gone')], [cache]);
  expect(inMegabytes(folders[cache]?.own)).toBe(1);
  expect(inMegabytes(folders[one]?.own)).toBe(1);
  expect(inMegabytes(folders[one]?.shared)).toBe(2);
  expect(inMegabytes(folders[two]?.own)).toBe(0);
  expect(inMegabytes(folders[two]?.shared)).toBe(2);
  expect(inMegabytes(sharedOnce)).toBe(1);
  expect(folders[path.join(folder, 'gone')]).toBeNull();
});

test('a folder with more entries than are counted has no size, nor has one that is not there', async () => {
  for (const name of ['a', 'b', 'c']) writeFileSync(path.join(folder, name), name);
  expect(await measure(folder, 2)).toBeNull();
  expect(await measure(path.join(folder, 'gone'))).toBeNull();
});

test('the disk is unknown at first and known to who waits a moment', async () => {
  const root = makeTree('root', { file: megabyte });
  const ending = new AbortController();
  const errors: string[] = [];
  const disk = measureInBackground(() => surveyDisk([root], []), {
    onError: (message) => errors.push(message),
    signal: ending.signal,
  });
  expect(disk.current()).toBeUndefined();
  const own = async () => inMegabytes((await disk.soon())?.value.folders[root]?.own);
  await expect.poll(own, { timeout: 20_000 }).toBe(1);
  expect(disk.current()?.value).toBeDefined();
  ending.abort();
  expect(errors).toEqual([]);
});
