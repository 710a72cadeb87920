import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#src/process.ts';
import { makeSocketFolder, removeStaleSocketFolders } from '#src/sandbox/sockets.ts';

test('folders of processes that are gone are removed, those of the living and of other hosts stay', async () => {
  const mine = await makeSocketFolder();
  const { stdout } = await run({ command: '/bin/sh', args: ['-c', 'echo $$'], cwd: '/', env: {} });
  const [, host] = path.basename(mine).split('-');
  const [stale, foreign] = [host, 'c0ffee'].map((maker) =>
    path.join(tmpdir(), `sentra-${maker}-${stdout.toString().trim()}-abc123`),
  ) as [string, string];
  for (const folder of [stale, foreign]) mkdirSync(folder);
  await removeStaleSocketFolders();
  expect([mine, stale, foreign].map((folder) => existsSync(folder))).toEqual([true, false, true]);
  for (const folder of [mine, foreign]) rmSync(folder, { recursive: true });
});
