/**
 * Whether the base may become what a group makes of it: its checks and tests on that very commit. What fails on the base as it
 * is, by name, holds nobody up; the rest is red.
 */

import { nameOf } from '#src/domain/test-evidence.ts';
import { isRed, judgeFailures, list, type TestResult } from '#src/domain/test-judgement.ts';
import { countsText } from '#src/domain/test-report/report.ts';
import { treeOf } from '#src/git/compose-merge.ts';
import { findBaseTests, keepBaseTests } from '#src/store/base-tests.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { listTestedCommits } from '#src/store/phases.ts';
import type { Group } from '#src/workflows/merge-compose.ts';
import { type Place, type Ran, runOnCommit, type TreeResult } from '#src/workflows/merge-tests.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readSetupFacts, type SetupFacts } from '#src/workflows/room.ts';

/** `output`: the end of what was red. `isBaseRed`: the base is red as well, and nothing tells their failures apart. */
export type Checked = { passed: boolean; output: string; isBaseRed?: boolean };

/** `tip`: where the base is. */
type Asked = { group: Group; turn: number; tip: string };

export async function checkGroup(parts: Parts, { group, turn, tip }: Asked, signal: AbortSignal): Promise<Checked> {
  const last = group.merges.at(-1);
  if (!last || group.from === group.to) return { passed: true, output: '' };
  const facts = await readSetupFacts(parts, last.taskId);
  if (!facts.config.mergeQueue.test) return { passed: true, output: '' };
  const place = { facts, commit: group.to, adwId: last.adwId };
  const ended =
    (await findKnown(parts, facts, group)) ??
    (await judge(parts, { place, tip, result: await runOnCommit(parts, place, signal) }, signal));
  await keep(parts, { group, turn, ended });
  const { passed, output, isBaseRed = false } = ended;
  return { passed, output, isBaseRed };
}

type Ended = {
  passed: boolean;
  /** Undefined where nothing was run. */
  command?: string;
  exitCode: number | null;
  summary: string;
  output: string;
  durationMs: number;
  isBaseRed?: boolean;
};

/** The very files were tested for the task itself: when the base did not move, its tests need no second run. */
async function findKnown(parts: Parts, facts: SetupFacts, { merges, tree }: Group): Promise<Ended | null> {
  const [only, more] = merges;
  if (!only || more || Object.keys(facts.config.checks).length > 0) return null;
  for (const commit of await listTestedCommits(parts.database.db, only.taskId))
    if ((await treeOf(facts.project, commit).catch(() => null)) === tree)
      return {
        passed: true,
        exitCode: 0,
        summary: `These very files passed the tests as ${commit.slice(0, 10)}`,
        output: '',
        durationMs: 0,
      };
  return null;
}

type Judging = { place: Place; tip: string; result: TreeResult };

async function judge(parts: Parts, { place, tip, result }: Judging, signal: AbortSignal): Promise<Ended> {
  const { ran, setUp } = result;
  await remember(parts, place, ran);
  const red = ran.filter(isRed);
  if (setUp === null && red.length === 0) return ranTo(ran.at(-1));
  const commands = setUp === null ? red.map(({ command }) => command) : undefined;
  const base = await resultsOnBase(parts, { ...place, commit: tip, commands }, signal);
  if (setUp !== null) return { ...notSetUp(setUp), isBaseRed: base.setUp !== null };
  const own = red.find((one) => !isExcused(one, base.of.get(one.command)));
  if (!own) return { ...ranTo(red[0], 'as on the base'), passed: true };
  const ofBase = base.of.get(own.command);
  const failures = judgeFailures(own, ofBase ?? null).failures.map(nameOf);
  const isBaseRed = base.setUp !== null || (ofBase !== undefined && isRed(ofBase) && failures.length === 0);
  return { ...ranTo(own, list(failures, 3)), isBaseRed };
}

/** A check tells no names: where it fails on the base too, nobody is blamed for it. */
const isExcused = (red: Ran, base: TestResult | undefined): boolean =>
  base !== undefined && red.endedBy === 'exit' && (red.isCheck ? isRed(base) : judgeFailures(red, base).excused);

type BaseResults = { of: ReadonlyMap<string, TestResult>; setUp: string | null };

/** Once for each commit and command of a project. */
async function resultsOnBase(
  parts: Parts,
  place: Place & { commands: string[] | undefined },
  signal: AbortSignal,
): Promise<BaseResults> {
  const of = new Map<string, TestResult>();
  if (!place.facts.config.test.base) return { of, setUp: null };
  for (const command of place.commands ?? []) {
    const known = await findBaseTests(parts.database.db, keyOf(place, command));
    if (known) of.set(command, known);
  }
  const commands = place.commands?.filter((command) => !of.has(command));
  if (commands?.length === 0) return { of, setUp: null };
  const { ran, setUp } = await runOnCommit(parts, { ...place, ...(commands ? { commands } : {}) }, signal);
  await remember(parts, place, ran);
  for (const one of ran) if (one.endedBy === 'exit') of.set(one.command, one);
  return { of, setUp };
}

/** Tasks that begin from it are compared with it. */
async function remember(parts: Parts, place: Place, ran: readonly Ran[]): Promise<void> {
  for (const one of ran)
    if (one.endedBy === 'exit') await keepBaseTests(parts.database.db, keyOf(place, one.command), one);
}

const keyOf = ({ facts, commit }: Place, command: string) => ({ projectId: facts.project.id, commit, command });

const nothingRan: Ended = {
  passed: true,
  exitCode: 0,
  summary: 'The project has no test command: nothing was tested',
  output: '',
  durationMs: 0,
};

/** `more`: what is to be said of it besides. */
function ranTo(ran: Ran | undefined, more = ''): Ended {
  if (!ran) return nothingRan;
  const { command, exitCode, endedBy, durationMs, report, isFlaky } = ran;
  const how = endedBy === 'timeout' ? 'was stopped' : `exited with ${exitCode ?? 'a signal'}`;
  const said = [
    `\`${command}\` ${how} after ${(durationMs / 1000).toFixed(1)} s`,
    report ? countsText(report) : '',
    isFlaky ? 'flaky: it failed at first' : '',
    more,
  ];
  const summary = said.filter(Boolean).join('; ');
  return { passed: !isRed(ran), command, exitCode, summary, output: `$ ${command}\n${ran.output}`, durationMs };
}

const notSetUp = (said: string): Ended => ({
  passed: false,
  command: 'set-up',
  exitCode: null,
  summary: said.split('\n')[0] ?? '',
  output: said,
  durationMs: 0,
});

/** For each task of the group: what was tested is all of them together. */
async function keep(parts: Parts, { group, turn, ended }: { group: Group; turn: number; ended: Ended }): Promise<void> {
  const { passed, exitCode, summary, command, output, durationMs } = ended;
  const { from, to, tree, merges } = group;
  const data = { command, durationMs, output, from, to, tree, tasks: merges.map(({ taskId }) => taskId) };
  await parts.changes.change(async ({ tx, record }) => {
    for (const { taskId, adwId } of merges) {
      const ordinal = Number.parseInt(to.slice(0, 7), 16); // another commit is another piece
      const key = { taskId, adwId, phase: 'REVIEW', attempt: turn, kind: 'merge', ordinal } as const;
      await insertEvidence(tx, { ...key, passed, exitCode, summary, data });
      record({ type: 'evidence.added', taskId, data: { phase: 'REVIEW', attempt: turn, kind: 'merge' } });
    }
  });
  for (const { taskId, adwId } of merges)
    await parts.logs
      .logger({ taskId, adwId, phase: null })
      [passed ? 'info' : 'warn'](`Before the merge: ${summary}`, { kind: 'step', duration: durationMs });
}
