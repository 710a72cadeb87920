/** The routes of costs, budgets and prices. */
import { z } from 'zod';
import { items, route } from '#src/domain/api/route.ts';
import { Budget, BudgetOwner, BudgetPatch, CostQuery, Costs } from '#src/domain/cost.ts';
import { ProjectId } from '#src/domain/ids.ts';
import { ModelPattern, Price, Rates } from '#src/domain/price.ts';

const ofProject = z.object({ projectId: ProjectId.optional() });

export const costRoutes = {
  getCosts: route({
    method: 'get',
    path: '/api/costs',
    summary: 'What was spent, by task, phase, agent, model, day and so on, with budgets and a forecast',
    status: 200,
    query: CostQuery,
    answer: Costs,
  }),
  getBudget: route({
    method: 'get',
    path: '/api/budgets',
    summary: 'What may be spent and what has been: of a project, of a task, or of the server',
    status: 200,
    query: BudgetOwner,
    answer: Budget,
  }),
  patchBudget: route({
    method: 'patch',
    path: '/api/budgets',
    summary: 'Set or remove limits of a project, of a task, or of the server; what waited for them goes on',
    status: 200,
    body: BudgetPatch,
    answer: Budget,
  }),
  listPrices: route({
    method: 'get',
    path: '/api/prices',
    summary: 'What models cost: set for a project, for all, or shipped with Sentra',
    status: 200,
    query: ofProject,
    answer: items(Price),
  }),
  setPrice: route({
    method: 'post',
    path: '/api/prices',
    summary: 'Set the price of a model; what had no price before is reckoned with it',
    status: 200,
    body: ofProject
      .extend(Rates.shape)
      .extend({
        model: ModelPattern,
        cacheReadUsd: Rates.shape.cacheReadUsd.optional(),
        cacheWriteUsd: Rates.shape.cacheWriteUsd.optional(),
        source: z.string().max(500).default('set by a person'),
      })
      .strict(),
    answer: items(Price),
  }),
  removePrice: route({
    method: 'delete',
    path: '/api/prices/{model}',
    summary: 'Remove a price that was set; the next one down holds again',
    status: 200,
    params: z.object({ model: ModelPattern }),
    query: ofProject,
    answer: items(Price),
  }),
} as const;
