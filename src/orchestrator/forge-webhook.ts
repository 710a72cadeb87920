import { isMissing } from '#src/git/repository.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { pollSoon, takeDelivery } from '#src/store/forge-polls.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { findForgePlace } from '#src/workflows/forges.ts';

/** Projects of that repository are looked at as soon as possible. Answers false when the delivery was taken before. */
export async function takeWebhook(
  { database, changes }: { database: Database; changes: Changes },
  { id, repository }: { id: string; repository: string },
): Promise<boolean> {
  const rows = await listProjectRows(database.db);
  const theirs = await Promise.all(rows.map((row) => isOf(row, repository)));
  return changes.change(async ({ tx }) => {
    if (!(await takeDelivery(tx, id))) return false;
    for (const row of rows.filter((_, at) => theirs[at])) await pollSoon(tx, row.id);
    return true;
  });
}

async function isOf(row: ProjectRow, repository: string): Promise<boolean> {
  if (isMissing(row)) return false;
  const place = await findForgePlace(row).catch(() => null); // a wrong sentra.json is told on the project itself
  return place?.kind === 'github' && `${place.owner}/${place.repository}`.toLowerCase() === repository.toLowerCase();
}
