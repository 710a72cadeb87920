/** Reviews, comments and checks of a forge: the next round, or an approval, as the page and the command line would begin them. */
import { listFailed, type Said, type SeenPull, verdictsOf } from '#src/domain/forge.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { News, NewsParts } from '#src/orchestrator/forge-news.ts';
import type { Change } from '#src/store/change.ts';
import { addForgeComments, setForgeFields } from '#src/store/forge-pulls.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { approvePullRequest, type PullRequestRow } from '#src/store/pull-requests.ts';
import { getTask, lockIdleTask } from '#src/store/tasks.ts';
import { beginRound } from '#src/workflows/begin-run.ts';
import { tellProblem } from '#src/workflows/forge-mirror.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

const mostLog = 15_000;

export async function takeWords(parts: NewsParts, news: News): Promise<void> {
  const { pull, seen } = news;
  const begun = await parts.changes.change(async (change) => {
    if (!(await lockIdleTask(change.tx, pull.taskId))) return true;
    return heed(change, pull, seen);
  });
  if (!begun) await takeChecks(parts, news);
}

/**
 * Answers whether the next round begins. What is kept is new to us, so nobody's words are heeded twice: the words and the round
 * are one transaction. Those of people who may not write to the repository are only shown.
 */
async function heed(change: Change, pull: PullRequestRow, seen: SeenPull): Promise<boolean> {
  const fresh = await addForgeComments(change.tx, pull.taskId, wordsOf(seen));
  if (fresh.size === 0) return false;
  change.touch(pull.taskId);
  change.record({ type: 'pull_request.changed', taskId: pull.taskId, data: { comments: fresh.size } });
  const verdicts = verdictsOf(seen.reviews);
  const asking = verdicts.filter(({ verdict, id }) => verdict === 'changes_requested' && fresh.has(id));
  if (asking.length > 0) {
    const comments = wordsOf(seen).filter(({ id, trusted }) => trusted && fresh.has(id));
    await beginRound(change, await getTask(change.tx, pull.taskId), comments.map(toComment));
    return true;
  }
  const approved = verdicts.some(
    ({ verdict, id, commit }) => verdict === 'approved' && fresh.has(id) && commit === pull.headCommit,
  );
  if (approved && verdicts.every(({ verdict }) => verdict === 'approved')) await approvePullRequest(change.tx, pull);
  return false;
}

/** A verdict without words is kept too: that it was given must be known. */
const wordsOf = ({ reviews, comments }: SeenPull): Said[] => [
  ...reviews.flatMap(({ comments: inline, verdict, body, ...review }) => [
    ...(body || verdict !== 'commented' ? [{ ...review, body: body || spoken[verdict] }] : []),
    ...inline,
  ]),
  ...comments,
];

const spoken = { approved: 'Approved.', changes_requested: 'Asked for changes.', commented: '' };

const toComment = ({ path, line, body }: Said): NewComment => ({
  ...(path ? { path } : {}),
  ...(line ? { line } : {}),
  body: body.slice(0, 20_000),
});

/** Once for a commit, and not for ever. */
async function takeChecks(parts: NewsParts, { project, forge, pull, seen }: News): Promise<void> {
  const failed = listFailed(seen);
  if (failed.length === 0) return tellProblem(parts, pull, null); // whatever it was
  if (pull.checkedCommit === seen.head) return;
  const names = failed.map(({ name }) => name).join(', ');
  const most = limitOf(project);
  if (pull.checkRounds >= most)
    return tellProblem(
      parts,
      pull,
      `Checks fail there after ${most} rounds of CODE: ${names}. Look at them, then request changes or mend the checks.`,
    );
  const comments = await Promise.all(
    failed.map(async (check) => ({ body: wordsAbout(check, parts.redactor(await forge.readLog(check))) })),
  );
  await parts.changes.change(async (change) => {
    if (!(await lockIdleTask(change.tx, pull.taskId))) return;
    await setForgeFields(change.tx, pull, { checkRounds: pull.checkRounds + 1, checkedCommit: seen.head });
    await beginRound(change, await getTask(change.tx, pull.taskId), comments);
  });
}

const limitOf = (project: ProjectRow): number => readProjectConfig(project).limits.codeTestAttempts;

function wordsAbout({ name, url, jobId }: SeenPull['checks'][number], log: string): string {
  const failed = `The check "${name}" failed${url ? ` (${url})` : ''}.`;
  if (!log) return `${failed} ${jobId ? 'Its log cannot be read.' : 'It says nothing more here.'}`;
  return `${failed} ${jobId ? 'The end of its log' : 'What it says'}:\n\n${log.slice(-mostLog)}`;
}
