import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#src/process.ts';

const program = path.resolve(import.meta.dirname, '../../src/main.ts');

test('a reader that has seen enough ends a command without a word', async () => {
  const shown = `( '${process.execPath}' '${program}' task --help; echo "code $?" >&2 ) | true`;
  const env = { PATH: process.env.PATH ?? '', HOME: '/nowhere', SENTRA_HOME: '/nowhere/sentra' };
  const { stderr } = await run({ command: '/bin/sh', args: ['-c', shown], cwd: '/', env });
  expect(stderr.toString()).toBe('code 0\n');
});
