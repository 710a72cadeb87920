/** What the analyst is asked: the specification verbatim, the tasks that the project has, why an earlier answer did not count. */
import type { Task } from '#src/domain/task.ts';

type Asked = {
  name: string;
  specification: string;
  attempt: number;
  /** Open ones, so that none is proposed twice. */
  existing: readonly Pick<Task, 'id' | 'title' | 'status'>[];
  previous: string | undefined;
};

const noSpecification =
  'There is no specification: look at the repository itself. Propose what it needs most: what is broken or unfinished, what is not tested or not documented, what makes each change harder than it has to be.';

export function composeAnalysisPrompt({ name, specification, attempt, existing, previous }: Asked): string {
  const tasks = existing.map(({ id, status, title }) => `- ${id} (${status}): ${title}`).join('\n');
  const sections: [string, string][] = [
    ['Specification', specification.trim() || noSpecification],
    ['Tasks of the project', tasks],
    ['The previous answer did not count', previous ?? ''],
    [
      'Answer',
      'A JSON object: {"tasks": [{"key", "title", "description", "type": "feature" | "bug" | "chore", "priority": "low" | "medium" | "high", "dependencies": ["key"]}]}',
    ],
  ];
  const head = ['Phase: ANALYZE', `Task: ${name}`, `Attempt: ${attempt}`].join('\n');
  const body = sections.flatMap(([title, text]) => (text ? [`## ${title}\n\n${text}`] : []));
  return [head, 'Propose the tasks that this comes to.', ...body].join('\n\n');
}
