/**
 * Whether a session may load what its worktree brings for agents. The worktree is asked, not the commit that a person looked at: the
 * task's own commits and whatever ran in it since may have changed it.
 */
import { readOnDisk } from '#src/git/trust-files.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { findNewestTrusted, findTrusted } from '#src/store/trust.ts';
import type { Run } from '#src/workflows/run.ts';

/** Says on the task's log when it leaves something out. */
export async function mayLoadSettings({ parts, facts, worktree }: Run, log: Logger): Promise<boolean> {
  const { db } = parts.database;
  const { hash, files, problems } = await readOnDisk(worktree);
  if (files.length + problems.length === 0) return false;
  if (problems.length === 0 && (await findTrusted(db, facts.project.id, hash))) return true;
  const wasTrusted = await findNewestTrusted(db, facts.project.id);
  const named = `${files
    .slice(0, 5)
    .map(({ path }) => path)
    .join(', ')}${files.length > 5 ? `, and ${files.length - 5} more` : ''}`;
  const why =
    problems.length > 0
      ? `cannot be trusted: ${problems.slice(0, 5).join('; ')}`
      : wasTrusted
        ? `differ from what was trusted on ${wasTrusted.trustedAt}: the task changed them, or the base branch did`
        : 'are not trusted';
  void log.warn(
    `The agent runs without the repository's own settings, hooks, MCP servers and instructions${named && ` (${named})`}: they ${why}. \`npx sentra project trust\` shows them and lets them in.`,
    { kind: 'step', error: 'untrusted' },
  );
  return false;
}
