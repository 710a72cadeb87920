/**
 * `npm run chaos -- --kills N [--target server|agent|postgres|all] [--seed S]`: random kills, then the verifier.
 * `--list` prints the failpoints; `--failpoints` lets each of them kill, fail and hang, one fault after the other.
 */
import { parseArgs } from 'node:util';
import { runChaos, type Target, targets } from './chaos.ts';
import { failpoints } from './points.ts';
import { surviveFaults } from './survive.ts';
import { faults, startTrapped } from './traps.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    list: { type: 'boolean', default: false },
    failpoints: { type: 'boolean', default: false },
  },
});
const say = (line: string) => console.log(line);
process.exit(await main());

async function main(): Promise<number> {
  if (values.list) {
    for (const point of failpoints) say(point);
    return 0;
  }
  return values.failpoints ? trapAll() : killAtRandom();
}

async function killAtRandom(): Promise<number> {
  const kills = Number(values.kills);
  const seed = Number(values.seed);
  const chosen = values.target === 'all' ? targets : targets.filter((target) => target === values.target);
  if (!(kills > 0) || !Number.isInteger(seed) || chosen.length === 0) {
    console.error(`--kills is a number above zero, --seed a whole number, --target one of ${targets.join(', ')}, all.`);
    return 2;
  }
  say(`chaos: ${kills} kills of ${chosen.join(', ')}, seed ${seed}`);
  const result = await runChaos({ kills, seed, say, targets: chosen as readonly Target[] });
  for (const problem of result.problems) say(`  ${problem}`);
  say(`${result.tasks} tasks in ${result.seconds} s: ${result.problems.length} problems`);
  const total = Object.values(result.kills).reduce((sum, count) => sum + count, 0);
  say(
    JSON.stringify({
      name: 'chaos',
      value: result.problems.length,
      unit: 'problems',
      floor: 0,
      ratio: null,
      runs: total,
      seed,
      ...result.kills,
    }),
  );
  return result.problems.length ? 1 : 0;
}

async function trapAll(): Promise<number> {
  const trapped = await startTrapped();
  const problems: string[] = [];
  for (const fault of faults) {
    const found = await surviveFaults(trapped, Object.fromEntries(failpoints.map((point) => [point, fault])));
    say(
      `${fault} at each of ${failpoints.length} failpoints: ${found.length ? found.join('; ') : 'the task was merged, once'}`,
    );
    problems.push(...found);
  }
  await trapped.sentra.stop();
  return problems.length ? 1 : 0;
}
