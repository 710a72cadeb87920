/** A program that keeps a confined process running until it is killed: holder.ts STATE_DIR ROOM_AS_JSON COMMAND. */
import { start } from '#src/process.ts';
import { createSandbox } from '#src/sandbox/wall.ts';

const [stateDir = '', room = '{}', script = ''] = process.argv.slice(2);
const sandbox = createSandbox({ stateDir });
const command = { command: '/bin/sh', args: ['-c', script], cwd: '/', env: { PATH: '/usr/bin:/bin' } };
const child = start(await sandbox.confine(command, JSON.parse(room)));
child.stdout?.pipe(process.stdout);
