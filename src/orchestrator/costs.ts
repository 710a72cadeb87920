/** What was spent, what may be, and what models cost: asked for and changed by people. */
import { type BudgetLimits, budgetPeriods, resolveLimits, toBudgetMeter } from '#src/domain/budget.ts';
import type { Budget, BudgetOwner, BudgetPatch, CostQuery, CostSum, Costs } from '#src/domain/cost.ts';
import { forecast } from '#src/domain/forecast.ts';
import { toUsd } from '#src/domain/money.ts';
import type { Price, Rates } from '#src/domain/price.ts';
import { SentraError } from '#src/errors.ts';
import { toQueueProject } from '#src/orchestrator/queue.ts';
import { readLimits, readMeters, setLimit } from '#src/store/budgets.ts';
import type { Changes } from '#src/store/change.ts';
import { listExamples, listRemaining } from '#src/store/cost-examples.ts';
import { groupCosts, type CostSum as StoredSum, sumCosts } from '#src/store/cost-sums.ts';
import { priceUnknown } from '#src/store/costs.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { listPrices, removePrice, serverScope, setPrice } from '#src/store/prices.ts';
import { getProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { getTaskRow } from '#src/store/tasks.ts';
import { fileLimits, findLimits } from '#src/workflows/budget.ts';

export type CostDesk = {
  costs(query: CostQuery): Promise<Costs>;
  budget(owner: BudgetOwner): Promise<Budget>;
  setBudget(patch: BudgetPatch): Promise<Budget>;
  prices(projectId?: string): Promise<Price[]>;
  setPrice(price: { projectId?: string | undefined; model: string; rates: Rates; source: string }): Promise<Price[]>;
  /** Throws `not_found` where none was set. */
  removePrice(model: string, projectId?: string): Promise<Price[]>;
};

export function createCostDesk({ database, changes }: { database: Database; changes: Changes }): CostDesk {
  const { db } = database;
  const budget = async (owner: BudgetOwner): Promise<Budget> => {
    const { scope, project, taskId } = await ownerOf(db, owner);
    const set = await readLimits(db, [scope]);
    const meters = project
      ? await readMeters(db, await findLimits(db, { project, ...(taskId ? { taskId } : {}) }), {
          projectId: project.id,
          ...(taskId ? { taskId } : {}),
        })
      : await readServerMeters(db);
    return {
      limits: set.get(scope) ?? {},
      file: project && !taskId ? fileLimits(project) : {},
      meters: meters.filter(({ scope: whose }) => taskId || whose !== 'task').map(toBudgetMeter),
    };
  };
  const prices = async (projectId?: string) => {
    if (projectId) await getProjectRow(db, projectId);
    return listPrices(db, projectId);
  };
  return {
    async costs({ projectId, since, until, by, limit }) {
      const project = projectId === undefined ? undefined : await getProjectRow(db, projectId);
      const filter = {
        ...(projectId === undefined ? {} : { projectId }),
        ...(since === undefined ? {} : { since: atMidnight(since) }),
        ...(until === undefined ? {} : { until: atMidnight(until) }),
      };
      const groups = await groupCosts(db, by, filter, limit);
      return {
        total: toCostSum(await sumCosts(db, filter)),
        by,
        items: groups.map((group) => ({ ...toCostSum(group), key: group.key, title: group.title })),
        budgets: (await budget({ projectId })).meters,
        forecast: project ? await readForecast(db, project) : null,
      };
    },
    budget,
    async setBudget(patch) {
      const { scope, project } = await ownerOf(db, patch);
      await changes.change(async ({ tx, record }) => {
        for (const period of budgetPeriods) {
          const usd = patch[`${period}Usd`];
          if (usd !== undefined) await setLimit(tx, { scope, period, usd });
        }
        record({
          type: 'budget.changed',
          ...(project ? { projectId: project.id } : {}),
          ...(patch.taskId ? { taskId: patch.taskId } : {}),
          data: { scope },
        });
      });
      return budget(patch);
    },
    prices,
    async setPrice({ projectId, model, rates, source }) {
      if (projectId) await getProjectRow(db, projectId);
      await changes.change(async ({ tx, record }) => {
        await setPrice(tx, { scope: projectId ?? serverScope, model, rates, source });
        await priceUnknown(tx, await listPrices(tx, projectId), projectId);
        record({ type: 'cost.changed', ...(projectId ? { projectId } : {}), data: { model } });
      });
      return prices(projectId);
    },
    async removePrice(model, projectId) {
      const removed = await changes.change(async ({ tx, record }) => {
        const done = await removePrice(tx, projectId ?? serverScope, model);
        if (done) record({ type: 'cost.changed', ...(projectId ? { projectId } : {}), data: { model } });
        return done;
      });
      if (!removed)
        throw new SentraError(
          'not_found',
          `No price of ${model} was set here; \`npx sentra prices list\` shows those there are. Prices that Sentra comes with cannot be removed: set another one over them.`,
        );
      return prices(projectId);
    },
  };
}

/** The server's limits are the same for every project. */
async function readServerMeters(db: Queryable) {
  const limits = (await readLimits(db, [serverScope])).get(serverScope) ?? {};
  const asLimits = serverLimits(limits);
  return readMeters(db, asLimits, { projectId: '' });
}

const serverLimits = (limits: BudgetLimits) =>
  resolveLimits({ projectId: '', server: limits, project: {}, task: {}, file: {} }).filter(
    ({ scope }) => scope === 'server',
  );

type Owner = { scope: string; project: ProjectRow | undefined; taskId: string | undefined };

async function ownerOf(db: Queryable, { projectId, taskId }: BudgetOwner): Promise<Owner> {
  if (taskId) {
    const task = await getTaskRow(db, taskId);
    return { scope: taskId, project: await getProjectRow(db, task.projectId), taskId };
  }
  if (projectId) return { scope: projectId, project: await getProjectRow(db, projectId), taskId: undefined };
  return { scope: serverScope, project: undefined, taskId: undefined };
}

const atMidnight = (moment: string): string => (moment.includes('T') ? moment : `${moment}T00:00:00Z`);

const toCostSum = (sum: StoredSum): CostSum => ({
  costUsd: sum.unknownSessions > 0 ? null : toUsd(sum.knownMicros),
  knownUsd: toUsd(sum.knownMicros),
  agentUsd: toUsd(sum.agentMicros),
  pricesUsd: toUsd(sum.pricesMicros),
  tokens: {
    input: sum.inputTokens,
    output: sum.outputTokens,
    cacheRead: sum.cacheReadTokens,
    cacheWrite: sum.cacheWriteTokens,
  },
  sessions: sum.sessions,
  unknownSessions: sum.unknownSessions,
});

async function readForecast(db: Queryable, row: ProjectRow) {
  const project = toQueueProject(row);
  const remaining = (await listRemaining(db, row.id)).map((phase) => ({
    ...phase,
    agent: agentFor(phase, project),
  }));
  return forecast(remaining, await listExamples(db, row.id));
}

/** The agent of a phase that has not begun. */
function agentFor(
  { agent, phase }: { agent: string | null; phase: string },
  project: ReturnType<typeof toQueueProject>,
): string {
  const { phases, default: usual } = project.config?.agents ?? {};
  if (phase === 'TEST') return ''; // it is Sentra's own
  if (agent !== null) return agent;
  return phases?.[phase.toLowerCase() as 'plan' | 'code' | 'test' | 'review'] ?? usual ?? 'claude';
}
