import { existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#src/process.ts';
import { makeSocketFolder, removeStaleSocketFolders } from '#src/sandbox/sockets.ts';

test('folders of processes that are gone are removed; those of the living, of other hosts and of other containers stay', async () => {
  const mine = await makeSocketFolder();
  const { stdout } = await run({ command: '/bin/sh', args: ['-c', 'echo $$'], cwd: '/', env: {} });
  const gone = stdout.toString().trim();
  const [, host, world] = path.basename(mine).split('-');
  const [stale, foreign, contained, abandoned] = [
    `${host}-${world}-${gone}-abc123`,
    `c0ffee-${world}-${gone}-abc123`,
    `${host}-0000-${gone}-abc123`, // its process may be there: the number means another one in its container
    `${host}-0000-${gone}-def456`,
  ].map((name) => path.join(tmpdir(), `sentra-${name}`)) as [string, string, string, string];
  for (const folder of [stale, foreign, contained, abandoned]) mkdirSync(folder);
  const longAgo = Date.now() / 1000 - 3_600;
  utimesSync(abandoned, longAgo, longAgo);
  await removeStaleSocketFolders();
  const all = [mine, stale, foreign, contained, abandoned];
  expect(all.map((folder) => existsSync(folder))).toEqual([true, false, true, true, false]);
  for (const folder of all) rmSync(folder, { recursive: true, force: true });
});
