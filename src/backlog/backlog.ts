/**
 * A team's backlog as it stands elsewhere: a list in Markdown, what a tracker exports as CSV, JSON. The names that Jira, Linear, GitHub and
 * GitLab give their columns are known; what they say of done work is left out, and what was put right is told.
 */
import Papa from 'papaparse';
import { type Entry, readTaskLines } from '#src/backlog/task-lines.ts';
import { mostTasks, readTasks } from '#src/domain/loose-tasks.ts';
import { BatchTask, type Task } from '#src/domain/task.ts';

export type Backlog = {
  tasks: BatchTask[];
  /** What was left out or put right. */
  notes: string[];
};

/** Reads any of the forms. A string where there are no tasks to take: what is wrong, and the way out. */
export function readBacklog(text: string): Backlog | string {
  const entries = readEntries(text.replace(/^\uFEFF/, ''));
  if (typeof entries === 'string') return entries;
  if (entries.length > mostTasks)
    return `The list has ${entries.length} entries; ${mostTasks} are the most. Split it into several.`;
  const open = entries.filter((entry) => !isDone(entry));
  const notes: string[] = [];
  const doneCount = entries.length - open.length;
  if (doneCount > 0) notes.push(`${doneCount} ${doneCount === 1 ? 'is' : 'are'} done already and left out.`);
  const gone = new Set(entries.filter(isDone).map(keyOf));
  const given = open.map(toTask).map((task) => ({
    ...task,
    ...(task.dependencies && { dependencies: task.dependencies.filter((key) => !gone.has(key)) }),
  }));
  const tasks = readTasks(given, notes, BatchTask.shape);
  if (tasks.length > 0) return { tasks, notes };
  return doneCount > 0 ? 'Everything in the list is done already.' : nothing;
}

const nothing =
  'There is no task in it. Give a list with a line for each task ("- Sort the list by date"), CSV with a column "title", or JSON: an array of objects with "title".';

/** Those that are new, and how many are tasks already: what waits for such a one then waits for that task. */
export function withoutKnown(
  tasks: readonly BatchTask[],
  existing: readonly Pick<Task, 'id' | 'title' | 'status'>[],
): { tasks: BatchTask[]; known: number } {
  const standing = existing.filter(({ status }) => status !== 'cancelled');
  const ids = new Map(standing.map(({ id, title }) => [sameness(title), id]));
  const replaced = new Map<string, string>();
  for (const { key, title } of tasks) {
    const id = ids.get(sameness(title));
    if (id) replaced.set(key, id);
  }
  const fresh = tasks
    .filter(({ key }) => !replaced.has(key))
    .map((task) => ({ ...task, dependencies: task.dependencies.map((key) => replaced.get(key) ?? key) }));
  return { tasks: fresh, known: replaced.size };
}

const sameness = (title: string): string => title.trim().toLowerCase().replace(/\s+/g, ' ');

function readEntries(text: string): Entry[] | string {
  const start = text.trimStart();
  if (start === '') return nothing;
  if (start.startsWith('{') || /^\[\s*(["{]|\]\s*$)/.test(start)) return readJson(start);
  return readTable(text) ?? readTaskLines(text);
}

function readJson(text: string): Entry[] | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    return text.startsWith('{') && text.trimEnd().includes('\n') ? readJsonLines(text) : notJson(messageOf(e));
  }
  const holder = json as { tasks?: unknown; items?: unknown; issues?: unknown };
  const list = Array.isArray(json) ? json : (holder.tasks ?? holder.items ?? holder.issues ?? [json]);
  return Array.isArray(list) ? list.map(toEntry) : nothing;
}

function readJsonLines(text: string): Entry[] | string {
  const entries: Entry[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      entries.push(toEntry(JSON.parse(line)));
    } catch (e) {
      return notJson(`line ${at + 1}: ${messageOf(e)}`);
    }
  }
  return entries;
}

const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));
const notJson = (why: string): string => `The list begins like JSON and is none: ${why}.`;

function toEntry(value: unknown): Entry {
  if (typeof value === 'string') return { title: value };
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [columnOf(name), held]));
}

/** `blockedBy`, `Blocked by` and `blocked_by` are one column. */
const columnOf = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_\s-]+/g, ' ')
    .trim()
    .toLowerCase();

/** Undefined where it is no table with a column for titles. Columns of one name, as Jira writes several labels, are one list. */
function readTable(text: string): Entry[] | string | undefined {
  const { data, errors } = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy' });
  const [head = [], ...rows] = data;
  const columns = head.map(columnOf);
  if (!columns.some((column) => names.title.includes(column)) || rows.length === 0) return undefined;
  const unclosed = errors.find(({ type }) => type === 'Quotes');
  if (unclosed) return `The CSV has a quote that does not end as it should, in entry ${unclosed.row ?? 1}.`;
  return rows.map((row) => {
    const entry: Record<string, unknown> = {};
    for (const [at, column] of columns.entries()) {
      const cell = row[at]?.trim();
      if (!cell) continue;
      entry[column] = column in entry ? [entry[column], cell].flat() : cell;
    }
    return entry;
  });
}

type Field = 'key' | 'title' | 'description' | 'type' | 'priority' | 'labels' | 'dependencies' | 'status';

/** What the columns of trackers are called; the first that an entry has counts. */
const names: Record<Field, readonly string[]> = {
  key: ['key', 'issue key', 'id', 'number', 'iid', '#', 'issue id', 'ticket'],
  title: ['title', 'summary', 'name', 'subject', 'task'],
  description: ['description', 'body', 'details', 'notes'],
  type: ['type', 'issue type', 'work item type', 'kind', 'tracker'],
  priority: ['priority', 'prio', 'severity'],
  labels: ['labels', 'label', 'tags', 'tag'],
  dependencies: ['dependencies', 'depends on', 'depends', 'blocked by', 'after', 'inward issue link (blocks)'],
  status: ['status', 'state', 'done'],
};

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

function first(entry: Entry, field: Field): unknown {
  const name = names[field].find((column) => !isEmpty(entry[column]));
  return name && entry[name];
}

const doneWords = /^(done|closed|completed?|resolved|merged|cancell?ed|won'?t (do|fix)|duplicate|true|yes|x)$/i;
const isDone = (entry: Entry): boolean => doneWords.test(wordOf(first(entry, 'status')));

/** What Sentra's own fields say stands beside what other programs call theirs. */
const own = Object.keys(BatchTask.shape).map((field) => [field, columnOf(field)] as const);

type Raw = Record<string, unknown> & { dependencies?: string[] };

function toTask(entry: Entry): Raw {
  const labels = wordsOf(first(entry, 'labels'), /[,;]/);
  const type = typeOf([wordOf(first(entry, 'type')), ...labels]);
  const priority = priorityOf([wordOf(first(entry, 'priority')), ...labels]);
  const dependencies = wordsOf(first(entry, 'dependencies'), /[,;\s]+/).map(withoutMark);
  return {
    ...Object.fromEntries(own.flatMap(([field, column]) => (isEmpty(entry[column]) ? [] : [[field, entry[column]]]))),
    key: keyOf(entry),
    title: first(entry, 'title'),
    description: first(entry, 'description'),
    type,
    priority,
    labels: labels.length > 0 ? labels : undefined,
    ...(dependencies.length > 0 ? { dependencies } : {}),
  };
}

const withoutMark = (key: string): string => key.replace(/^#/, '');
const keyOf = (entry: Entry): string | undefined => withoutMark(wordOf(first(entry, 'key'))) || undefined;

const typeWords: readonly (readonly [BatchTask['type'], RegExp])[] = [
  ['bug', /^(bug|defect|fault|incident|fix)$/i],
  ['chore', /^(chore|maintenance|refactor(ing)?|docs|documentation|tech(nical)? debt|ci|build|dependencies)$/i],
  ['feature', /^(feature|story|user story|enhancement|improvement|new feature|task|epic)$/i],
];
const priorityWords: readonly (readonly [BatchTask['priority'], RegExp])[] = [
  ['high', /^(high(est)?|critical|urgent|blocker|major|p[01]|priority[: ]*high)$/i],
  ['medium', /^(medium|normal|p2|priority[: ]*medium)$/i],
  ['low', /^(low(est)?|minor|trivial|p[34]|priority[: ]*low)$/i],
];

const typeOf = (words: readonly string[]) => meant(words, typeWords);
const priorityOf = (words: readonly string[]) => meant(words, priorityWords);

/** What the first of these words that means anything means. */
function meant<V>(words: readonly string[], table: readonly (readonly [V, RegExp])[]): V | undefined {
  for (const word of words) for (const [value, pattern] of table) if (pattern.test(word)) return value;
  return undefined;
}

/** GitHub and GitLab write objects with a name. */
const wordOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? wordOf((value as Entry).name ?? (value as Entry).key ?? (value as Entry).id ?? '')
    : String(value ?? '').trim();

/** One text is several words; a list has one in each place. */
const wordsOf = (value: unknown, between: RegExp): string[] =>
  (Array.isArray(value) ? value.map(wordOf) : wordOf(value).split(between)).map((word) => word.trim()).filter(Boolean);
