/** A command that gives way to everything else on the host, as far as the host knows how. */
export const gentle = (program: string, args: readonly string[]): { command: string; args: string[] } => ({
  command: '/bin/sh',
  args: ['-c', script, 'sh', program, ...args],
});

const script =
  'renice -n 19 -p $$ >/dev/null 2>&1; command -v ionice >/dev/null && ionice -c 3 -p $$ >/dev/null 2>&1; exec "$@"';
