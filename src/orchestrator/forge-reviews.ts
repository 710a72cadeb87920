/** Verdicts that people gave in Sentra, told to the forge: oldest first, each once, whatever dies in between. */
import type { Verdict } from '#src/domain/forge.ts';
import { SentraError } from '#src/errors.ts';
import type { Forge } from '#src/forge/forge.ts';
import type { NewsParts } from '#src/orchestrator/forge-news.ts';
import { type ForgeReviewRow, listUntold, markTold } from '#src/store/forge-reviews.ts';
import type { PullRequestRow } from '#src/store/pull-requests.ts';
import { setTaskNotice } from '#src/store/tasks.ts';

export async function tellReviews(parts: NewsParts, forge: Forge, pull: PullRequestRow): Promise<void> {
  const { forgeNumber, taskId } = pull;
  if (forgeNumber === null) return;
  for (const row of await listUntold(parts.database.db, pull)) {
    const { told, notice } = await tell(forge, forgeNumber, row, taskId);
    await parts.changes.change(async ({ tx, touch, record }) => {
      await markTold(tx, row, told);
      if (notice) await setTaskNotice(tx, taskId, notice);
      touch(taskId);
      record({ type: 'pull_request.changed', taskId, data: { number: forgeNumber, verdict: row.verdict, told } });
    });
  }
}

/** What the forge will never take is given up: its people see the pull request, and Sentra has the verdict. */
async function tell(
  forge: Forge,
  number: number,
  { id, verdict, commit, comments }: ForgeReviewRow,
  taskId: string,
): Promise<{ told: string; notice?: string }> {
  const said = { key: `${taskId} review ${id}`, verdict: verdict as Verdict, commit, comments };
  try {
    return { told: await forge.review(number, said) };
  } catch (e) {
    if (!(e instanceof SentraError) || e.code !== 'forge_refused') throw e;
    const what = verdict === 'approved' ? 'approval' : 'request for changes';
    return { told: e.message, notice: `The ${what} counts here, but is not at the forge: ${e.message}` };
  }
}
