/**
 * `npm run chaos -- --kills N [--target server|agent|postgres|all] [--seed S]`: random kills, then the verifier.
 * `--list` prints the failpoints; `--failpoints` lets each of them kill, fail and hang, one fault after the other;
 * `--merges` does so at those of the merge queue, with several pull requests on a plain remote and on a server like GitHub;
 * `--cuts N` cuts two workers off their database, one or the other, for longer than their lease.
 */
import { parseArgs } from 'node:util';
import { githubEnv, newGitHub } from '../helpers/github.ts';
import { runChaos, type Target, targets } from './chaos.ts';
import { runCuts } from './cuts.ts';
import { failpoints, mergeFailpoints } from './points.ts';
import { surviveFaults } from './survive.ts';
import { mergeKinds, surviveMerges } from './survive-merges.ts';
import { faults, startTrapped } from './traps.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    list: { type: 'boolean', default: false },
    failpoints: { type: 'boolean', default: false },
    merges: { type: 'boolean', default: false },
    cuts: { type: 'string' },
  },
});
const say = (line: string) => console.log(line);
process.exit(await main());

async function main(): Promise<number> {
  if (values.list) {
    for (const point of failpoints) say(point);
    return 0;
  }
  if (values.merges) return trapMerges();
  if (values.cuts) return cutOff(Number(values.cuts));
  return values.failpoints ? trapAll() : killAtRandom();
}

async function cutOff(cuts: number): Promise<number> {
  const seed = Number(values.seed);
  if (!(cuts > 0) || !Number.isInteger(seed)) {
    console.error('--cuts is a number above zero, --seed a whole number.');
    return 2;
  }
  say(`chaos: ${cuts} cuts, seed ${seed}`);
  const { problems, ...counts } = await runCuts({ cuts, seed, say });
  for (const problem of problems) say(`  ${problem}`);
  say(JSON.stringify({ name: 'cuts', value: problems.length, unit: 'problems', floor: 0, ratio: null, ...counts }));
  return problems.length ? 1 : 0;
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

async function trapMerges(): Promise<number> {
  const problems: string[] = [];
  for (const kind of mergeKinds)
    for (const fault of faults) {
      const github = await newGitHub();
      const trapped = await startTrapped(githubEnv(github));
      const armed = Object.fromEntries(mergeFailpoints.map((point) => [point, fault]));
      const found = await surviveMerges({ trapped, github, kind }, armed);
      say(
        `${kind}: ${fault} at each of ${mergeFailpoints.length} failpoints: ${found.length ? found.join('; ') : 'main moved once, with its evidence'}`,
      );
      problems.push(...found);
      await trapped.sentra.stop();
      await github.close();
    }
  return problems.length ? 1 : 0;
}
