import { useQueries } from '@tanstack/react-query';
import type { BudgetMeter } from '#src/domain/budget.ts';
import type { Project } from '#src/domain/project.ts';
import { budgetQuery } from '../queries.ts';

/** Of each project of which nothing more may be spent, the budget that is used up. */
export function useUsedUp(projects: readonly Project[]): ReadonlyMap<string, BudgetMeter> {
  return useQueries({
    queries: projects.map(({ id }) => budgetQuery({ projectId: id })),
    combine: (answers) =>
      new Map(
        answers.flatMap(({ data }, index) => {
          const empty = data?.meters.find(({ percent }) => percent >= 100);
          const project = projects[index];
          return empty && project ? [[project.id, empty] as const] : [];
        }),
      ),
  });
}
