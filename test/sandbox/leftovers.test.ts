import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endTree, start } from '#src/process.ts';
import { endLeftovers } from '#src/sandbox/leftovers.ts';

const sleeper = (home: string) =>
  start({ command: '/bin/sleep', args: ['600'], cwd: '/', env: { HOME: home, PATH: '/usr/bin:/bin' } });

test.runIf(process.platform === 'linux')(
  'what an earlier life left at work for a task is ended, and nothing else',
  async () => {
    const [left, other] = [sleeper('/tmp/one-sentra/homes/task-1'), sleeper('/tmp/another-sentra/homes/task-1')];
    const gone = once(left, 'exit');
    expect(await endLeftovers('/tmp/one-sentra/homes')).toBe(1);
    await gone;
    expect(left.signalCode).toBe('SIGKILL');
    expect(other.signalCode).toBeNull();
    await endTree(other);
  },
);
