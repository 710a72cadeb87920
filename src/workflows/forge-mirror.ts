/** From Sentra's own row to the copy of the pull request on its forge: the branch, the pull request, its title and text. */
import { createHash } from 'node:crypto';
import { SentraError } from '#src/errors.ts';
import { setForgeFields } from '#src/store/forge-pulls.ts';
import { getProjectRow } from '#src/store/projects.ts';
import type { PullRequestRow } from '#src/store/pull-requests.ts';
import { pushOwn } from '#src/workflows/forges.ts';
import type { Parts } from '#src/workflows/parts.ts';

export type MirrorParts = Pick<Parts, 'database' | 'changes' | 'forges' | 'logs'>;

/**
 * Makes the forge show what the row says, where it was told otherwise: opened or found by its branch, never twice, whatever died in
 * between, because the row is there first. Throws what the forge or the push says.
 */
export async function mirror(parts: MirrorParts, pull: PullRequestRow): Promise<void> {
  const project = await getProjectRow(parts.database.db, pull.projectId);
  const forge = await parts.forges.of(project);
  const forgeTold = digest(pull);
  if (forge.kind === 'local' || !project.remote || pull.forgeTold === forgeTold) return;
  const { headBranch, baseBranch, headCommit, title, body: text } = pull;
  const pushed = await pushOwn(parts, project, { branchName: headBranch, commit: headCommit, remote: project.remote });
  if (pushed.outcome === 'refused') throw new SentraError('push_refused', pushed.message);
  const wanted = { title, text, headBranch, baseBranch };
  const isOpen = pull.forgeNumber !== null && pull.seen?.state === 'open';
  const opened = isOpen ? null : await forge.open({ ...wanted, earlier: pull.forgeNumber });
  for (const refused of opened?.refused ?? [])
    await parts.logs.logger({ taskId: pull.taskId }).warn(refused, { kind: 'step' });
  const number = opened?.number ?? pull.forgeNumber;
  if (number !== null && !opened?.isNew) await forge.update(number, wanted);
  await parts.changes.change(async ({ tx, touch, record }) => {
    const named = opened ? { forgeNumber: opened.number, forgeUrl: opened.url } : {};
    await setForgeFields(tx, pull, { ...named, forgeTold, forgeProblem: null });
    touch(pull.taskId);
    record({ type: 'pull_request.changed', taskId: pull.taskId, data: { number, url: opened?.url ?? pull.forgeUrl } });
  });
}

/** As `mirror`, but what goes wrong is told on the pull request: the next look at the forge tries again. */
export async function mirrorOrTell(parts: MirrorParts, pull: PullRequestRow): Promise<string | null> {
  try {
    await mirror(parts, pull);
    return null;
  } catch (e) {
    if (!(e instanceof SentraError)) throw e;
    await tellProblem(parts, pull, e.message);
    return e.message;
  }
}

/** Why it does not go on there, for people. */
export async function tellProblem(
  { changes }: Pick<Parts, 'changes'>,
  pull: PullRequestRow,
  problem: string | null,
): Promise<void> {
  if (pull.forgeProblem === problem) return;
  await changes.change(async ({ tx, touch, record }) => {
    await setForgeFields(tx, pull, { forgeProblem: problem });
    touch(pull.taskId);
    record({ type: 'pull_request.changed', taskId: pull.taskId, data: { problem } });
  });
}

const digest = ({ title, body, headCommit }: PullRequestRow): string =>
  createHash('sha256')
    .update(JSON.stringify([title, body, headCommit]))
    .digest('hex');
