/** A proposal of the analyst and what people do with it: each edit takes its tasks and gives them anew. Pure. */
import type { ProposalProblem } from '#src/domain/analysis.ts';
import { countDependants, sortGraph } from '#src/domain/graph.ts';
import { freeKey } from '#src/domain/loose-tasks.ts';
import { BatchTask, type Priority } from '#src/domain/task.ts';
import { plural } from './format.ts';

export type ProposedTasks = readonly BatchTask[];
export type ProposedChange = Partial<Pick<BatchTask, 'title' | 'description' | 'type' | 'priority' | 'dependencies'>>;

const longestTitle = 300;

/** Each after what it waits for, else as they are given; those in a circle, and what waits for them, last. */
export function sortProposal(tasks: ProposedTasks): BatchTask[] {
  const byKey = new Map(tasks.map((task) => [task.key, task]));
  const sortable = new Set(sortGraph([...byKey.keys()], dependenciesIn(byKey)));
  const sorted = new Set<string>();
  for (const { key } of tasks) {
    const open = sortable.has(key) ? [key] : [];
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const before = byKey.get(at)?.dependencies.find((other) => byKey.has(other) && !sorted.has(other));
      if (before !== undefined) open.push(before);
      else sorted.add(open.pop() ?? at);
    }
  }
  const stuck = tasks.filter(({ key }) => !sorted.has(key));
  return [...[...sorted].flatMap((key) => byKey.get(key) ?? []), ...stuck];
}

/** How many wait for each, directly or not. */
export function countWaitingFor(tasks: ProposedTasks): Map<string, number> {
  const byKey = new Map(tasks.map((task) => [task.key, task]));
  return countDependants([...byKey.keys()], dependenciesIn(byKey));
}

const dependenciesIn = (byKey: ReadonlyMap<string, BatchTask>) => (key: string) => byKey.get(key)?.dependencies ?? [];

export const changeTask = (tasks: ProposedTasks, key: string, change: ProposedChange): ProposedTasks =>
  tasks.map((task) => (task.key === key ? { ...task, ...change } : task));

/** What waited for a dropped one waits for what that waited for. */
export const dropTasks = (tasks: ProposedTasks, keys: Iterable<string>): ProposedTasks =>
  [...keys].reduce((left, key) => {
    const dropped = left.find((task) => task.key === key);
    if (!dropped) return left;
    const others = left.filter((task) => task.key !== key);
    return others.map((task) => redirect(task, [key], dropped.dependencies));
  }, tasks);

/** One task that does what several would; it stands where the first of them does, and keeps its key. */
export function mergeTasks(tasks: ProposedTasks, keys: Iterable<string>): ProposedTasks {
  const wanted = new Set(keys);
  const parts = sortProposal(tasks).filter(({ key }) => wanted.has(key));
  const [first, second] = parts;
  if (!first || !second) return tasks;
  const gone = parts.map(({ key }) => key);
  const merged: BatchTask = {
    ...first,
    title: joinTitles(parts.map(({ title }) => title)),
    description: parts
      .map(({ title, description }) => `## ${title}\n\n${description}`.trim())
      .join('\n\n')
      .slice(0, longestDescription),
    type: parts.every(({ type }) => type === first.type) ? first.type : 'feature',
    priority: priorities.find((priority) => parts.some((part) => part.priority === priority)) ?? first.priority,
    dependencies: unique(parts.flatMap(({ dependencies }) => dependencies)).filter((key) => !wanted.has(key)),
    labels: unique(parts.flatMap(({ labels }) => labels)).slice(0, mostLabels),
    needsDevServer: parts.some(({ needsDevServer }) => needsDevServer),
    noChangesExpected: parts.every(({ noChangesExpected }) => noChangesExpected),
  };
  return tasks
    .filter(({ key }) => key === first.key || !wanted.has(key))
    .map((task) => (task.key === first.key ? merged : redirect(task, gone, [first.key])));
}

const longestDescription = 100_000;
const mostLabels = 30;
const priorities: readonly Priority[] = ['high', 'medium', 'low'];

const joinTitles = (titles: readonly string[]) =>
  [titles.slice(0, -1).join(', '), titles.at(-1)].join(' and ').slice(0, longestTitle);

/** Two parts of one task: the second waits for the first, and what waited for the task waits for the second. */
export function splitTask(tasks: ProposedTasks, key: string): ProposedTasks {
  const second = freeKey(key, new Set(tasks.map((task) => task.key)));
  return tasks.flatMap((task) => {
    if (task.key !== key) return redirect(task, [key], [second]);
    return [
      { ...task, title: withEnding(task.title, ' (part 1)') },
      { ...task, key: second, title: withEnding(task.title, ' (part 2)'), dependencies: [key] },
    ];
  });
}

const withEnding = (title: string, ending: string) => `${title.slice(0, longestTitle - ending.length)}${ending}`;

/** With one more task, and its key. */
export function addTask(tasks: ProposedTasks): { tasks: ProposedTasks; key: string } {
  const key = freeKey('new', new Set(tasks.map((task) => task.key)));
  return { tasks: [...tasks, BatchTask.parse({ key, title: 'New task' })], key };
}

/** Why a proposal cannot become tasks now. */
export function whyNotCreate(tasks: ProposedTasks, problems: readonly ProposalProblem[]): string | undefined {
  if (tasks.length === 0) return 'There is no task to create';
  return problems.length > 0 ? `${plural(problems.length, 'problem')} to settle first` : undefined;
}

function redirect(task: BatchTask, from: readonly string[], to: readonly string[]): BatchTask {
  if (!task.dependencies.some((key) => from.includes(key))) return task;
  const dependencies = unique(task.dependencies.flatMap((key) => (from.includes(key) ? to : [key])));
  return { ...task, dependencies: dependencies.filter((key) => key !== task.key) };
}

const unique = (words: readonly string[]) => [...new Set(words)];
