/** What the routes of costs, budgets and prices do. */
import type { CostDesk } from '#src/orchestrator/costs.ts';
import type { Handlers } from '#src/server/api.ts';

type Routes = 'getCosts' | 'getBudget' | 'patchBudget' | 'listPrices' | 'setPrice' | 'removePrice';

export const createCostHandlers = (desk: CostDesk): Pick<Handlers, Routes> => ({
  getCosts: ({ query }) => desk.costs(query),
  getBudget: ({ query }) => desk.budget(query),
  patchBudget: ({ body }) => desk.setBudget(body),
  listPrices: async ({ query }) => ({ items: await desk.prices(query.projectId) }),
  setPrice: async ({ body: { projectId, model, source, inputUsd, outputUsd, cacheReadUsd, cacheWriteUsd } }) => {
    // Nobody who leaves the cache out means that it is free: it costs what other input does.
    const cache = { cacheReadUsd: cacheReadUsd ?? inputUsd, cacheWriteUsd: cacheWriteUsd ?? inputUsd };
    return { items: await desk.setPrice({ projectId, model, source, rates: { inputUsd, outputUsd, ...cache } }) };
  },
  removePrice: async ({ params, query }) => ({ items: await desk.removePrice(params.model, query.projectId) }),
});
