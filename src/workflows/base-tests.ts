/**
 * What the project's commands come to on the commit that a task is compared with: run in the task's own worktree, whose
 * dependencies and ports are there, once for each commit and command of a project that ends with a report or well. Whatever happens, the worktree has the
 * task's files again afterwards.
 */
import { stillOurs } from '#src/engine/step.ts';
import { mergeBase } from '#src/git/diff.ts';
import { showCommit } from '#src/git/worktree.ts';
import { type BaseTests, findBaseTests, keepBaseTests } from '#src/store/base-tests.ts';
import { restore } from '#src/workflows/restore.ts';
import type { Run } from '#src/workflows/run.ts';
import { runTests } from '#src/workflows/test-run.ts';

/** Where the branch began, or what of the base was worked into it since. */
export async function comparedWith({ facts: { project }, worktree: { base } }: Run, head: string): Promise<string> {
  const shared = await mergeBase(project, `refs/heads/${project.baseBranch}`, head);
  if (!shared || shared === base) return base;
  return (await mergeBase(project, base, shared)) === base ? shared : base;
}

/** Does `work` while the worktree shows the files of another commit. */
export async function onBase<T>({ worktree }: Run, commit: string, work: () => Promise<T>): Promise<T> {
  await stillOurs();
  try {
    await showCommit({ ...worktree, commit });
    return await work();
  } finally {
    await restore(worktree);
  }
}

type Asked = { command: string; commit: string; serve: (signal: AbortSignal) => Promise<unknown> };

/** Null when the project does not want it, or when the run was ended and tells nothing. */
export async function baseTests(
  run: Run,
  { command, commit, serve }: Asked,
  signal: AbortSignal,
): Promise<BaseTests | null> {
  const { facts, parts } = run;
  if (!facts.config.test.base) return null;
  const { db } = parts.database;
  const key = { projectId: facts.project.id, commit, command };
  const known = await findBaseTests(db, key);
  if (known) return known;
  const what = `Running ${command} on the base, ${commit.slice(0, 10)}, to compare with`;
  void run.log('TEST').info(what, { kind: 'step', toolUsed: command });
  const ended = await onBase(run, commit, async () => {
    await serve(signal);
    return runTests(run, { command, isQuiet: true }, signal);
  });
  await serve(signal);
  if (ended.endedBy !== 'exit') return null;
  const { exitCode, durationMs, report } = ended;
  // Red without a report may be this host's fault, as of a tool that is missing: the next task looks again.
  if (exitCode === 0 || report) await keepBaseTests(db, key, { exitCode, durationMs, report });
  return { exitCode, durationMs, report };
}
