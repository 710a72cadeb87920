import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { product, sentraEnv, startTestSentra, until } from '../helpers/sentra.ts';

/** As a file on a disk that is full, or a terminal that was closed: nothing can be written to it. */
const unwritable = '/dev/full';

test('a server whose output can be written nowhere goes on with its work', async () => {
  const sentra = await startTestSentra();
  try {
    await sentra.quit();
    const out = openSync(unwritable, 'w');
    const env = sentraEnv(sentra.home, { SENTRA_LOG_LEVEL: 'info' });
    const child = spawn(process.execPath, [product, 'up'], { env, stdio: ['ignore', out, out], cwd: sentra.home });
    sentra.child = child;
    const found = () => JSON.parse(readFileSync(path.join(sentra.home, 'server.json'), 'utf8'));
    const isThere = () => child.exitCode !== null || found().pid === child.pid;
    await until(() => {
      try {
        return isThere();
      } catch {
        return false; // not written yet
      }
    }, 60_000);
    expect(child.exitCode).toBeNull();
    const answer = await fetch(new URL('/healthz', found().url));
    expect(answer.status).toBe(200);
    const page = await fetch(found().url);
    expect([page.status, child.exitCode]).toEqual([200, null]);
  } finally {
    await sentra.stop();
  }
});
