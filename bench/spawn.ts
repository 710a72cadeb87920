/**
 * How long a server of 300 MB stands still while 50 git processes start, through the launcher and, to compare, by itself: not
 * a floor but what it was before. Tells also what one process at a time takes either way.
 */
import { once } from 'node:events';
import { type Command, run, start } from '#src/process.ts';
import { type Benchmark, interleave } from './benchmark.ts';

const command: Command = {
  command: 'git',
  args: ['rev-parse', '--git-dir'],
  cwd: import.meta.dirname,
  env: { PATH: process.env.PATH ?? '' },
  outlives: true,
};
const atOnce = 50;

export const spawnStall: Benchmark = {
  name: 'spawn',
  title: 'the longest stop of a process of 300 MB while 50 git processes start, against starting them by itself',
  async measure(say) {
    const ballast = Array.from({ length: 250 }, () => Buffer.alloc(1024 * 1024, 1));
    for (let i = 0; i < 5; i++) await run(command); // the first of all starts without the launcher
    say(`${Math.round(process.memoryUsage.rss() / 1e6)} MB in ${ballast.length} pieces and the rest`);
    say(`one after the other: ${await each(viaLauncher)} ms each, by itself ${await each(byItself)} ms`);
    return interleave(
      'spawn',
      { value: () => longestStop(viaLauncher), floor: () => longestStop(byItself) },
      { warmUps: 2, runs: 11, say },
    );
  },
};

const viaLauncher = async () => {
  const { exitCode } = await run(command);
  if (exitCode !== 0) throw new Error(`git ended with ${exitCode}`);
};

const byItself = async () => {
  const child = start(command);
  child.stdin?.end();
  child.stdout?.resume();
  await once(child, 'close');
};

async function each(one: () => Promise<void>): Promise<string> {
  const startedAt = performance.now();
  for (let i = 0; i < 30; i++) await one();
  return ((performance.now() - startedAt) / 30).toFixed(1);
}

/** A timer that is due every millisecond: the longest time between two of its calls. */
async function longestStop(one: () => Promise<void>): Promise<number> {
  let [last, longest] = [performance.now(), 0];
  const beat = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(beat, 1);
  await Promise.all(Array.from({ length: atOnce }, one));
  beat();
  clearInterval(timer);
  return longest;
}
