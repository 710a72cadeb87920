import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#src/process.ts';
import { makeSocketFolder, removeStaleSocketFolders } from '#src/sandbox/sockets.ts';

test('folders of sockets of processes that are gone are removed, those of the living stay', async () => {
  const mine = await makeSocketFolder();
  const { stdout } = await run({ command: '/bin/sh', args: ['-c', 'echo $$'], cwd: '/', env: {} });
  const stale = path.join(tmpdir(), `sentra-${stdout.toString().trim()}-abc123`);
  mkdirSync(stale);
  await removeStaleSocketFolders();
  expect([existsSync(mine), existsSync(stale)]).toEqual([true, false]);
  rmSync(mine, { recursive: true });
});
