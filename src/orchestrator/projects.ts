/** Registered repositories: taking one in, changing it, letting it go. */

import path from 'node:path';
import { newProjectId } from '#src/domain/ids.ts';
import type { Project, ProjectPatch } from '#src/domain/project.ts';
import { SentraError } from '#src/errors.ts';
import { findLimits } from '#src/git/limits.ts';
import { excludeLocally, inspectRepository, isMissing, resolveCommit } from '#src/git/repository.ts';
import { explainTrust } from '#src/orchestrator/trust.ts';
import { closeBreaker } from '#src/store/breakers.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import {
  countTasks,
  findProjectByPath,
  getProjectRow,
  insertProject,
  listProjectRows,
  type ProjectRow,
  removeProject,
  toProject,
  updateProject,
} from '#src/store/projects.ts';
import { findForgePlace } from '#src/workflows/forges.ts';
import { findProjectProblem, readProjectConfig } from '#src/workflows/project-settings.ts';

export type Projects = {
  add(input: { path: string; name?: string | undefined }): Promise<Project>;
  list(): Promise<Project[]>;
  get(id: string): Promise<Project>;
  patch(id: string, patch: ProjectPatch): Promise<Project>;
  remove(id: string): Promise<void>;
  /** False when it was not open. */
  closeBreaker(id: string, agent: string): Promise<boolean>;
};

export function createProjects({ database, changes }: { database: Database; changes: Changes }): Projects {
  const { db } = database;
  const get = async (id: string) => {
    const row = await getProjectRow(db, id);
    const limits = isMissing(row) ? [] : await findLimits(row, `refs/heads/${row.baseBranch}`);
    const { notices, unconfined } = await explainTrust(db, row);
    return {
      ...view(row, await countTasks(db)),
      limits: [...limits, ...unconfined],
      notices,
      forge: await describeForge(row),
    };
  };
  return {
    async add(input) {
      if (!path.isAbsolute(input.path))
        throw new SentraError(
          'invalid',
          `The path "${input.path}" is not absolute; give the whole path of the repository.`,
        );
      const facts = await inspectRepository(input.path);
      const known = await findProjectByPath(db, facts.path);
      if (known) throw alreadyThere(known);
      const config = readProjectConfig(facts); // a wrong sentra.json is told now, not when the first task starts
      await excludeLocally(facts, ['/.sentra/']);
      const id = await changes.change(async ({ tx, record }) => {
        const kept = await insertProject(tx, {
          ...facts,
          id: newProjectId(),
          name: input.name ?? path.basename(facts.path),
          baseBranch: config.baseBranch ?? facts.baseBranch,
          stacked: config.stacked,
        });
        record({ type: 'project.added', projectId: kept });
        return kept;
      });
      return get(id);
    },
    async list() {
      const counts = await countTasks(db);
      return (await listProjectRows(db)).map((row) => view(row, counts));
    },
    get,
    async patch(id, patch) {
      const row = await getProjectRow(db, id);
      if (patch.baseBranch && !(await resolveCommit(row, `refs/heads/${patch.baseBranch}`)))
        throw new SentraError('invalid', `${row.path} has no branch "${patch.baseBranch}".`);
      await changes.change(async ({ tx, record }) => {
        await updateProject(tx, id, patch);
        record({ type: 'project.changed', projectId: id });
      });
      return get(id);
    },
    async closeBreaker(id, agent) {
      await getProjectRow(db, id);
      return changes.change(async ({ tx, record }) => {
        const closed = await closeBreaker(tx, { projectId: id, agent });
        if (closed) record({ type: 'breaker.changed', projectId: id, data: { agent } });
        return closed;
      });
    },
    async remove(id) {
      await getProjectRow(db, id);
      await changes.change(async ({ tx, record }) => {
        await refuseWhileActive(tx, id);
        await removeProject(tx, id);
        record({ type: 'project.removed', projectId: id });
      });
    },
  };
}

const view = (row: ProjectRow, counts: Map<string, Record<string, number>>): Project =>
  toProject(row, counts.get(row.id) ?? {}, findProjectProblem(row));

/** A wrong sentra.json is told as the project's problem. */
const describeForge = async (row: ProjectRow): Promise<string> => {
  const place = isMissing(row) ? null : await findForgePlace(row).catch(() => null);
  if (!place) return 'unknown';
  return place.kind === 'local' ? 'Sentra itself' : `GitHub, ${place.owner}/${place.repository} on ${place.host}`;
};

const alreadyThere = (row: ProjectRow) =>
  new SentraError('conflict', `${row.path} is registered already, as ${row.name} (${row.id}).`, {
    details: { projectId: row.id },
  });

async function refuseWhileActive(tx: Queryable, id: string): Promise<void> {
  const counts = (await countTasks(tx)).get(id) ?? {};
  const active = (counts.running ?? 0) + (counts.queued ?? 0);
  if (active)
    throw new SentraError(
      'not_allowed',
      `${active} of its tasks are at work; cancel them or wait, then remove the project.`,
    );
}
