/** What people do with analyses: ask for one, edit its proposal, turn it into tasks, end it. */
import { analysisJob } from '#src/analyst/analyze.ts';
import {
  type Analysis,
  type AnalysisPatch,
  type AnalysisStatus,
  type AnalysisSummary,
  findProblems,
  type NewAnalysis,
  nameOf,
} from '#src/domain/analysis.ts';
import { newAdwId, newAnalysisId } from '#src/domain/ids.ts';
import type { BatchTask, Task } from '#src/domain/task.ts';
import type { Engine } from '#src/engine/engine.ts';
import { SentraError } from '#src/errors.ts';
import type { Tasks } from '#src/orchestrator/tasks.ts';
import {
  type AnalysisRow,
  findAnalysisByKey,
  getAnalysis,
  insertAnalysis,
  listAnalyses,
  lockAnalysis,
  updateAnalysis,
} from '#src/store/analyses.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { listTitles } from '#src/store/task-graph.ts';

export type Analyses = {
  /** Under an idempotency key that was used before: the one that there is. */
  create(request: NewAnalysis, idempotencyKey?: string): Promise<Analysis>;
  /** Newest first. */
  list(projectId: string): Promise<AnalysisSummary[]>;
  get(id: string): Promise<Analysis>;
  /** Throws `conflict` when the proposal is another one by now than that of `version`. */
  patch(id: string, patch: AnalysisPatch): Promise<Analysis>;
  /** All or nothing; asked again: the same tasks. Throws `invalid` while the proposal has problems. */
  approve(id: string, options: { start: boolean; version?: number | undefined }): Promise<(Task & { key: string })[]>;
  cancel(id: string): Promise<Analysis>;
  retry(id: string): Promise<Analysis>;
};

type AnalysisParts = { database: Database; changes: Changes; engine: Engine; tasks: Tasks };

export function createAnalyses({ database, changes, engine, tasks }: AnalysisParts): Analyses {
  const { db } = database;

  async function problemsOf(projectId: string, proposal: readonly BatchTask[]) {
    const keys = new Set(proposal.map(({ key }) => key));
    const outside = [...new Set(proposal.flatMap(({ dependencies }) => dependencies))].filter((one) => !keys.has(one));
    const known = outside.length > 0 ? await listTitles(db, projectId, outside) : new Map();
    return findProblems(proposal, (id) => known.has(id));
  }

  async function get(id: string): Promise<Analysis> {
    const analysis = await getAnalysis(db, id);
    const isOpen = analysis.status === 'proposed';
    return { ...analysis, problems: isOpen ? await problemsOf(analysis.projectId, analysis.tasks) : [] };
  }

  return {
    async create(request, idempotencyKey) {
      const { projectId, specification, agent = null } = request;
      await getProjectRow(db, projectId);
      const given = { id: newAnalysisId(), adwId: newAdwId() };
      const asked = { projectId, name: nameOf(request), specification, agent };
      const isNew = await changes.change(async ({ tx, client, record }) => {
        if (!(await insertAnalysis(tx, { ...given, ...asked, idempotencyKey: idempotencyKey ?? null }))) return false;
        await engine.enqueue(client, analysisJob(given));
        record({ type: 'analysis.changed', projectId, data: { id: given.id, status: 'queued' } });
        return true;
      });
      return get(isNew ? given.id : ((await findAnalysisByKey(db, idempotencyKey ?? '')) ?? given.id));
    },
    async list(projectId) {
      await getProjectRow(db, projectId);
      return listAnalyses(db, projectId);
    },
    get,
    async patch(id, { tasks: proposal, version }) {
      await changes.change(async ({ tx, record }) => {
        const row = await lockAnalysis(tx, id);
        allow(row, 'edited', ['proposed']);
        refuseOutdated(row, version);
        await updateAnalysis(tx, id, { tasks: proposal });
        record({ type: 'analysis.changed', projectId: row.projectId, data: { id, status: row.status } });
      });
      return get(id);
    },
    async approve(id, { start, version }) {
      const { projectId, proposal } = await database.transaction(async (tx) => {
        const row = await lockAnalysis(tx, id);
        allow(row, 'approved', ['proposed', 'approved']);
        if (row.status === 'proposed') refuseOutdated(row, version);
        return { projectId: row.projectId, proposal: row.tasks };
      });
      const [problem, ...more] = await problemsOf(projectId, proposal);
      if (problem)
        throw new SentraError(
          'invalid',
          `The proposal cannot be approved: ${problem.message}${more.length ? ` And ${more.length} more.` : ''} Edit it first.`,
          { details: [problem, ...more] },
        );
      const batch = proposal.map((task) => ({ ...task, autoStart: start || task.autoStart }));
      // Approved twice, or after a crash in between: the same tasks.
      const created = await tasks.createBatch(projectId, batch, `analysis ${id}`);
      await changes.change(async ({ tx, record }) => {
        const row = await lockAnalysis(tx, id);
        if (row.status !== 'proposed') return;
        const taskIds = Object.fromEntries(created.map((task) => [task.key, task.id]));
        await updateAnalysis(tx, id, { status: 'approved', tasks: proposal, taskIds });
        record({ type: 'analysis.changed', projectId, data: { id, status: 'approved' } });
      });
      return created;
    },
    async cancel(id) {
      const ended = await changes.change(async ({ tx, record }) => {
        const row = await lockAnalysis(tx, id);
        allow(row, 'cancelled', ['queued', 'running', 'proposed', 'failed']);
        const error = { code: 'cancelled' as const, message: 'A person ended the analysis.' };
        await updateAnalysis(tx, id, { status: 'cancelled', error });
        record({ type: 'analysis.changed', projectId: row.projectId, data: { id, status: 'cancelled' } });
        return row;
      });
      if (isActive(ended)) await engine.cancel(analysisJob(ended).id);
      return get(id);
    },
    async retry(id) {
      await changes.change(async ({ tx, client, record }) => {
        const row = await lockAnalysis(tx, id);
        allow(row, 'begun again', ['proposed', 'failed', 'cancelled']);
        const given = { id, adwId: newAdwId() };
        const fresh = { tasks: [], notes: [], error: null, startedAt: null, endedAt: null };
        await updateAnalysis(tx, id, { ...fresh, status: 'queued', adwId: given.adwId });
        await engine.enqueue(client, analysisJob(given));
        record({ type: 'analysis.changed', projectId: row.projectId, data: { id, status: 'queued' } });
      });
      return get(id);
    },
  };
}

const isActive = ({ status }: Pick<AnalysisRow, 'status'>) => status === 'queued' || status === 'running';

function allow({ id, status }: AnalysisRow, what: string, statuses: readonly AnalysisStatus[]): void {
  if (statuses.some((one) => one === status)) return;
  throw new SentraError(
    'not_allowed',
    `The analysis ${id} is ${status}; it can be ${what} when it is ${statuses.join(' or ')}.`,
  );
}

function refuseOutdated({ id, version }: AnalysisRow, seen: number | undefined): void {
  if (seen === undefined || seen === version) return;
  throw new SentraError(
    'conflict',
    `The proposal of ${id} was changed meanwhile (it is version ${version} by now, yours is ${seen}): load it again, then edit it.`,
  );
}
