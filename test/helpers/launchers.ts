/** The launchers that start programs for this process. */
import { readdirSync } from 'node:fs';
import { run } from '#src/process.ts';
import { readProc } from './alive.ts';

/** Their process ids. */
export const listLaunchers = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProc(`${pid}/stat`).split(') ')[1]?.split(' ')[1] === String(process.pid))
    .filter((pid) => readProc(`${pid}/cmdline`).includes('launcher.mjs'))
    .map(Number);

/** From then on programs are started by a launcher, as in a server. */
export async function untilLaunched(): Promise<void> {
  const command = { command: '/bin/sh', args: ['-c', 'ps -o ppid= $$'], cwd: '/', env: { PATH: '/usr/bin:/bin' } };
  const starter = async () => Number((await run(command)).stdout);
  while (!listLaunchers().includes(await starter()));
}
