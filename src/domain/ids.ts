/** Identifiers: a prefix that says what the thing is, and 12 random characters of 0-9a-z (62 bits). */
import { z } from 'zod';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

export const TaskId = z.string().regex(/^task-[0-9a-z]{12}$/, 'a task id looks like task-0123456789ab');
export const AdwId = z.string().regex(/^adw-[0-9a-z]{12}$/, 'a run id looks like adw-0123456789ab');
/** A worktree that is prepared ahead. As long as a task's: where its path is written down, the task's takes its place. */
export const PoolId = z.string().regex(/^pool-[0-9a-z]{12}$/, 'a pool id looks like pool-0123456789ab');
export const ProjectId = z.string().regex(/^proj-[0-9a-z]{12}$/, 'a project id looks like proj-0123456789ab');
export const AccessTokenId = z.string().regex(/^tok-[0-9a-z]{12}$/, 'the id of a token looks like tok-0123456789ab');

export const AnalysisId = z
  .string()
  .regex(/^analysis-[0-9a-z]{12}$/, 'the id of an analysis looks like analysis-0123456789ab');

export const newTaskId = () => `task-${randomPart()}`;
export const newAdwId = () => `adw-${randomPart()}`;
export const newProjectId = () => `proj-${randomPart()}`;
export const newPoolId = () => `pool-${randomPart()}`;
export const newAccessTokenId = () => `tok-${randomPart()}`;
export const newAnalysisId = () => `analysis-${randomPart()}`;
export const newWorkerId = () => `worker-${randomPart()}`;

/** The first 8 characters of an id's unique part, as branch names and cards show it. */
export const shortId = (id: string) => id.slice(id.indexOf('-') + 1).slice(0, 8);

function randomPart(): string {
  let out = '';
  while (out.length < 12)
    for (const byte of crypto.getRandomValues(new Uint8Array(16)))
      if (byte < 252 && out.length < 12) out += alphabet[byte % 36]; // 252 = 7 × 36: no bias
  return out;
}
