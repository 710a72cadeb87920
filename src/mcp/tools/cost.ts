import { CostQuery, Costs } from '#src/domain/cost.ts';
import { reads, tool } from '#src/mcp/tool.ts';

const getCosts = tool({
  name: 'get_costs',
  title: 'What was spent on models',
  description:
    'What agents cost, added up by task, phase, agent, model, day, month, project or session, with what is left of budgets and, for one project, a forecast for its remaining tasks. costUsd is null where a part has no price: it is then at least knownUsd. Ask before starting many tasks.',
  input: CostQuery,
  output: Costs,
  annotations: reads,
  run: (client, query) => client.getCosts({ query }),
});

export const costTools = [getCosts];
