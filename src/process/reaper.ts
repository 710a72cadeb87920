/**
 * Process 1 of a container inherits every process whose own parent is gone, and has to collect each that ends, or its number stays taken
 * for ever. Node collects only what it started itself; a shell that waits collects all. Source: "The PID 1 problem", safety.md F35.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * A terminal tells its whole foreground group of Ctrl-C, so only SIGTERM is handed on. A `wait` that a signal cut short is told from one
 * that saw the end by the next: 127, nobody to wait for.
 */
const script = `
exec 3<&0
"$@" <&3 3<&- &
child=$!
exec 3<&- </dev/null
trap 'kill -TERM "$child"' TERM
trap : INT HUP
code=127
while :; do
  wait "$child"
  last=$?
  [ "$last" = 127 ] && break
  code=$last
  [ "$last" -le 128 ] && break
done
exit "$code"`;

/** As process 1 it does not come back: a shell takes its place and starts the same program as its child. Elsewhere it does nothing. */
export function giveWayToReaper(): void {
  if (process.pid !== 1 || process.platform !== 'linux' || !process.execve || !existsSync('/bin/sh')) return;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve('/bin/sh', ['sh', '-c', script, 'sentra', ...again]);
}

/** How many processes have ended that process 1 should have collected. 0 where there is no /proc. */
export function countUncollected(): number {
  if (!existsSync('/proc/1')) return 0;
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isUncollected(name)).length;
}

function isUncollected(pid: string): boolean {
  try {
    return /\) Z 1 /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false; // gone meanwhile
  }
}
