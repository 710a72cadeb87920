/** The forge of each project, as its sentra.json and its remote say at this moment. Kept while they say the same, with its limits and ETags. */
import { SentraError } from '#src/errors.ts';
import type { Forge } from '#src/forge/forge.ts';
import { createGitHubForge } from '#src/forge/github.ts';
import { createLocalForge } from '#src/forge/local.ts';
import { type ForgePlace, findPlace } from '#src/forge/place.ts';
import type { Tokens } from '#src/forge/token.ts';
import { type PushOutcome, pushBranch, type Remote } from '#src/git/push.ts';
import { findRemoteUrl, type Repository } from '#src/git/repository.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

export type ForgeProject = Repository & { id: string; remote: string | null };

export type Forges = {
  /** Throws `invalid_config` where it is said in a way that cannot be. */
  of(project: ForgeProject): Promise<Forge>;
};

export function createForges(tokens: Tokens): Forges {
  const kept = new Map<string, { place: string; forge: Forge }>();
  return {
    async of({ id, path, gitDir, remote }) {
      const place = await findForgePlace({ path, gitDir, remote });
      const key = JSON.stringify([place, path, gitDir, remote]);
      const before = kept.get(id);
      if (before?.place === key) return before.forge;
      const forge = make({ path, gitDir, remote }, place, tokens);
      kept.set(id, { place: key, forge });
      return forge;
    },
  };
}

/** Where a project's pull requests are opened. */
export async function findForgePlace(project: Omit<ForgeProject, 'id'>): Promise<ForgePlace> {
  const url = project.remote ? await findRemoteUrl(project, project.remote) : null;
  return findPlace(readProjectConfig(project).forge, url);
}

function make({ remote, ...repository }: Omit<ForgeProject, 'id'>, place: ForgePlace, tokens: Tokens): Forge {
  if (place.kind === 'local') return createLocalForge({ ...repository, remote });
  if (remote) return createGitHubForge({ ...repository, remote }, place, tokens);
  throw new SentraError(
    'invalid_config',
    `${repository.path} has no remote to push to, and GitHub takes pull requests of pushed branches: \`git remote add origin …\`, then remove the project and add it again.`,
  );
}

/** How a project's remote is reached: with the token of its forge where that is the way in. */
export async function reachRemote(
  { forges }: Pick<Parts, 'forges'>,
  project: ForgeProject,
  remote: string,
): Promise<Remote> {
  const credential = await (await forges.of(project)).credential();
  return credential ? { remote, credential } : { remote };
}

/** A task's branch; what keeps it from its remote is an answer, also where sentra.json cannot say where that is. */
export async function pushOwn(
  parts: Pick<Parts, 'forges'>,
  project: ForgeProject,
  { remote, ...push }: { remote: string; branchName: string; commit: string },
): Promise<PushOutcome> {
  try {
    return await pushBranch(project, { ...push, ...(await reachRemote(parts, project, remote)) });
  } catch (e) {
    if (e instanceof SentraError) return { outcome: 'refused', message: e.message };
    throw e;
  }
}
