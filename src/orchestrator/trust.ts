/** What people trust of a repository: shown from the newest commit of its base branch, trusted by its hash, taken back. */
import { changesBetween, type Trust } from '#src/domain/trust.ts';
import { SentraError } from '#src/errors.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { readCommitted, type SteeringContent } from '#src/git/trust-files.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { getProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { findNewestTrusted, findTrusted, forgetTrusted, keepTrusted } from '#src/store/trust.ts';
import { findProjectProblem, readProjectConfig } from '#src/workflows/project-settings.ts';

export type Trusts = {
  show(projectId: string): Promise<Trust>;
  /** Throws `conflict` when the content is another by now, `not_allowed` when nobody can trust it. */
  trust(projectId: string, hash: string): Promise<Trust>;
  forget(projectId: string): Promise<Trust>;
};

export function createTrusts({ database, changes }: { database: Database; changes: Changes }): Trusts {
  const { db } = database;
  const show = async (projectId: string): Promise<Trust> => {
    const { commit, content } = await readNewest(await getProjectRow(db, projectId));
    const known = await findTrusted(db, projectId, content.hash);
    const before = known ?? (await findNewestTrusted(db, projectId));
    return {
      projectId,
      commit,
      ...content,
      state: stateOf(content, known !== undefined),
      changed: before ? changesBetween(before.files, content.files) : [],
      trustedAt: known?.trustedAt ?? null,
    };
  };
  return {
    show,
    async trust(projectId, hash) {
      const { content } = await readNewest(await getProjectRow(db, projectId));
      if (content.problems.length > 0) throw refused(content.problems);
      if (content.hash !== hash)
        throw new SentraError(
          'conflict',
          'What the repository brings for agents is another by now: look at it again with `npx sentra project trust`, then trust that.',
        );
      const files = content.files.map(({ text: _, ...file }) => file);
      await changes.change(async ({ tx, record }) => {
        await keepTrusted(tx, { projectId, hash, files });
        record({ type: 'project.changed', projectId, data: { trusted: hash } });
      });
      return show(projectId);
    },
    async forget(projectId) {
      await getProjectRow(db, projectId);
      await changes.change(async ({ tx, record }) => {
        if (await forgetTrusted(tx, projectId)) record({ type: 'project.changed', projectId, data: { trusted: null } });
      });
      return show(projectId);
    },
  };
}

type Newest = { commit: string; content: SteeringContent };

async function readNewest(row: ProjectRow): Promise<Newest> {
  const newest = await findNewest(row);
  if (newest) return newest;
  throw new SentraError(
    'worktree_failed',
    `${row.path} has no branch "${row.baseBranch}": set "baseBranch" in sentra.json or make it with \`git branch\`.`,
  );
}

/** Throws what is wrong with its sentra.json. */
async function findNewest(row: ProjectRow): Promise<Newest | undefined> {
  const branch = readProjectConfig(row).baseBranch ?? row.baseBranch;
  const commit = await resolveCommit(row, `refs/heads/${branch}`);
  return commit ? { commit, content: await readCommitted(row.gitDir, commit) } : undefined;
}

/** What a person should know of a project besides, in sentences. */
export async function explainTrust(
  db: Queryable,
  row: ProjectRow,
): Promise<Record<'notices' | 'unconfined', string[]>> {
  if (findProjectProblem(row)) return { notices: [], unconfined: [] }; // which is told itself
  const content = (await findNewest(row))?.content;
  const state = content && stateOf(content, (await findTrusted(db, row.id, content.hash)) !== undefined);
  const isLeftOut = state === 'untrusted' || state === 'refused';
  const isOpen = readProjectConfig(row).isolation === 'none';
  return { notices: isLeftOut ? [leftOut] : [], unconfined: isOpen ? [nothingConfines] : [] };
}

const leftOut =
  'It brings settings, hooks, servers or instructions for agents, which run without them: `npx sentra project trust` shows them and lets them in.';
const nothingConfines =
  'Its sentra.json asks for "isolation": "none": where SENTRA_ALLOW_UNCONFINED grants that, agents, tests and installs run with your own rights.';

function stateOf({ files, problems }: SteeringContent, isTrusted: boolean): Trust['state'] {
  if (problems.length > 0) return 'refused';
  if (files.length === 0) return 'nothing';
  return isTrusted ? 'trusted' : 'untrusted';
}

const refused = (problems: readonly string[]) =>
  new SentraError(
    'not_allowed',
    `This content cannot be trusted: ${problems.join('; ')}. Make them plain files of the repository, commit, and look again.`,
  );
