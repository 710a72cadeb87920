/**
 * How much disk some folders take, found out by a program of its own: it may read without regard for others' turns, at the
 * lowest priority. A file with names outside of the folder that is measured is shared; of all folders together it counts once.
 */
import path from 'node:path';
import { z } from 'zod';
import { SentraError } from '#src/errors.ts';
import { run } from '#src/process.ts';

export const Survey = z.object({
  /** Null for a folder that is not there. */
  folders: z.record(z.string(), z.object({ own: z.number(), shared: z.number() }).nullable()),
  /** What `shared` of all the folders comes to when each file counts once; what also lies in one of `counted` does not. */
  sharedOnce: z.number(),
});
export type Survey = z.infer<typeof Survey>;

const timeoutMs = 30 * 60_000;

/** What a file that lies in `counted` (caches) takes is the cache's, whoever shares it; all of these own everything in them. */
export async function surveyDisk(
  folders: readonly string[],
  counted: readonly string[],
  signal?: AbortSignal,
): Promise<Survey> {
  const program = path.join(import.meta.dirname, 'survey.mjs');
  const { exitCode, stdout, stderr } = await run(
    { command: process.execPath, args: [program], cwd: '/', env: {} },
    { input: JSON.stringify({ folders, counted }), timeoutMs, signal },
  );
  if (exitCode !== 0)
    throw new SentraError('bug', `The disk could not be gone through: ${stderr.toString().trim().split('\n').at(-1)}`);
  return Survey.parse(JSON.parse(stdout.toString()));
}
