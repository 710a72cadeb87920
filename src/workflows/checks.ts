/** The project's own checks (lint, types, build) after CODE: run by Sentra in the room, each with its output as evidence. */
import { programMissing } from '#src/domain/test-evidence.ts';
import type { Failure } from '#src/errors.ts';
import { findBaseTests, keepBaseTests } from '#src/store/base-tests.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { comparedWith, onBase } from '#src/workflows/base-tests.ts';
import { restore } from '#src/workflows/restore.ts';
import type { Run } from '#src/workflows/run.ts';
import { runInRoom, tail } from '#src/workflows/test-run.ts';

type Check = { name: string; command: string };
type Checked = Check & {
  exitCode: number | null;
  endedBy: string;
  durationMs: number;
  output: string;
  ofBase: boolean;
};

/** All of them, so that one session can mend all. What fails on the base too is said, and not the task's failure. */
export async function runChecks(run: Run, attempt: number, signal: AbortSignal): Promise<Failure | undefined> {
  const checks = Object.entries(run.facts.config.checks).map(([name, command]) => ({ name, command }));
  const red: Checked[] = [];
  for (const [at, check] of checks.entries()) {
    const checked = await runCheck(run, check, signal);
    await keep(run, attempt, at + 1, checked);
    if (checked.exitCode !== 0 && !checked.ofBase) red.push(checked);
  }
  if (red.length === 0) return undefined;
  const output = red.map((check) => `$ ${check.command}\n${check.output}\n${summarise(check)}`).join('\n\n');
  const names = red.map(({ name }) => name).join(', ');
  return {
    code: 'checks_failing',
    message: `The project's ${red.length === 1 ? 'check fails' : 'checks fail'}: ${names}. ${red.map(summarise).join('. ')}.`,
    details: { output: output.slice(-64_000) },
  };
}

async function runCheck(run: Run, check: Check, signal: AbortSignal): Promise<Checked> {
  const { worktree, parts } = run;
  void run.log('CODE').info(`Running ${check.name}: ${check.command}`, { kind: 'step', toolUsed: check.command });
  const leave = await parts.testGate.enter(signal);
  const ended = await runInRoom(run, { command: check.command, phase: 'CODE' }, signal).finally(leave);
  await restore(worktree); // what checks write is nobody's change
  const output = tail(parts.redactor(`${ended.stdout.toString('utf8')}${ended.stderr.toString('utf8')}`));
  const { exitCode, endedBy, durationMs } = ended;
  const ofBase = exitCode !== 0 && endedBy === 'exit' && (await failsOnBase(run, check, signal));
  return { ...check, exitCode, endedBy, durationMs, output, ofBase };
}

async function failsOnBase(run: Run, { command }: Check, signal: AbortSignal): Promise<boolean> {
  const { facts, parts, worktree } = run;
  if (!facts.config.test.base) return false;
  const commit = await comparedWith(run, `refs/heads/${worktree.branchName}`);
  const key = { projectId: facts.project.id, commit, command };
  const known = await findBaseTests(parts.database.db, key);
  if (known) return known.exitCode !== 0;
  const ended = await onBase(run, commit, () => runInRoom(run, { command, phase: 'CODE', isQuiet: true }, signal));
  if (ended.endedBy !== 'exit') return false;
  const { exitCode, durationMs } = ended;
  await keepBaseTests(parts.database.db, key, { exitCode, durationMs, report: null });
  return exitCode !== 0;
}

async function keep(run: Run, attempt: number, ordinal: number, checked: Checked): Promise<void> {
  const { taskId } = run.facts;
  const { exitCode, endedBy: _, ...data } = checked;
  const passed = exitCode === 0 || checked.ofBase;
  const summary = summarise(checked);
  const told = run.log('CODE')[passed ? (exitCode === 0 ? 'info' : 'warn') : 'error'](summary, { kind: 'step' });
  await run.parts.changes.change(async ({ tx, record }) => {
    const row = { taskId, adwId: run.adwId, phase: 'CODE' as const, attempt, kind: 'checks' as const, ordinal };
    await insertEvidence(tx, { ...row, passed, exitCode, summary, data });
    record({ type: 'evidence.added', taskId, data: { phase: 'CODE', attempt, kind: 'checks' } });
  });
  await told;
}

function summarise({ name, command, exitCode, endedBy, durationMs, ofBase }: Checked): string {
  const took = `after ${(durationMs / 1000).toFixed(1)} s`;
  if (endedBy === 'timeout') return `${name} did not end: \`${command}\` was stopped ${took}`;
  if (endedBy === 'limit') return `${name} was ended: \`${command}\` took more of the host than it may ${took}`;
  if (exitCode === 0) return `${name} passes: \`${command}\` exited with 0 ${took}`;
  const known = ofBase ? ', as on the base' : '';
  const missing = exitCode === 127 ? `. ${programMissing}` : '';
  return `${name} fails${known}: \`${command}\` exited with ${exitCode ?? 'a signal'} ${took}${missing}`;
}
