/**
 * The launcher: a small program that starts others for a large one. Starting a process copies the page tables of the one that
 * starts it, which stops a server of 300 MB for ten milliseconds; here it is one. A request is `{ id, command, args, cwd,
 * env, user, outlives, input }`; the answers about it are `{ id, started }`, `{ id, stdout }`, `{ id, stderr }`, `{ id, exited }` and at last
 * `{ id, closed }` or `{ id, failed }`. `{ id, hold }` says whether its output is left unread. Plain JavaScript without imports of ours, so that it is there at once and stays small.
 */
import { spawn } from 'node:child_process';

/** Bytes that the other side has not taken yet: above `high` the programs wait, below `low` they go on. */
const high = 1024 * 1024;
const low = high / 4;
let untaken = 0;
let isPaused = false;

const atWork = new Map();

process.on('message', (said) => ('hold' in said ? hold(said) : launch(said)));
process.once('disconnect', () => {
  for (const { child, outlives } of atWork.values()) if (!outlives) killGroup(child.pid);
  process.exit(0);
});
tell({ ready: true });

function launch({ id, command, args, cwd, env, user, outlives, input }) {
  try {
    const child = spawn(command, args, { cwd, env, ...user, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    child.once('error', (e) => end({ id, failed: { code: e.code, message: e.message } }));
    if (child.pid === undefined) return;
    atWork.set(id, { child, outlives, isHeld: false });
    tell({ id, started: child.pid });
    for (const name of ['stdout', 'stderr']) relay(id, child[name], name);
    child.once('exit', (_, signal) => {
      if (signal) killGroup(child.pid); // as launch.ts does
      tell({ id, exited: true });
    });
    child.once('close', (exitCode, signal) => end({ id, closed: { exitCode, signal } }));
    child.stdin.on('error', () => {}); // EPIPE: it does not read its input; its exit code tells the rest
    child.stdin.end(input);
  } catch (e) {
    end({ id, failed: { code: e.code, message: e.message } });
  }
}

function relay(id, stream, name) {
  if (isPaused) stream.pause(); // first: a listener would set it flowing
  stream.on('data', (chunk) => tell({ id, [name]: chunk }, chunk.length));
}

function end(answer) {
  if (answer.failed && !atWork.has(answer.id)) return tell(answer);
  if (atWork.delete(answer.id)) tell(answer);
}

function tell(answer, bytes = 0) {
  untaken += bytes;
  if (untaken > high) setPaused(true);
  process.send(answer, () => {
    untaken -= bytes;
    if (untaken < low) setPaused(false);
  });
}

function setPaused(paused) {
  if (paused === isPaused) return;
  isPaused = paused;
  for (const one of atWork.values()) flow(one);
}

/** The other side has more of it than it can use. */
function hold({ id, hold: isHeld }) {
  const one = atWork.get(id);
  if (!one) return;
  one.isHeld = isHeld;
  flow(one);
}

function flow({ child, isHeld }) {
  for (const stream of [child.stdout, child.stderr]) isPaused || isHeld ? stream.pause() : stream.resume();
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended at this moment
  }
}
