/**
 * An analysis: an agent reads a specification and the repository, and proposes a graph of small tasks, which a person edits and approves.
 * Until then nothing of it is a task. What the agent answers is taken leniently in form, and what is wrong in meaning is told.
 */
import { z } from 'zod';
import { findAnyCycle } from '#src/domain/graph.ts';
import { AnalysisId, ProjectId, TaskId } from '#src/domain/ids.ts';
import { looseFields, mostTasks, readTasks } from '#src/domain/loose-tasks.ts';
import { BatchTask } from '#src/domain/task.ts';

/** proposed: its tasks wait for a person. approved: they are tasks now. cancelled: ended, or its proposal thrown away. */
export const AnalysisStatus = z.enum(['queued', 'running', 'proposed', 'approved', 'failed', 'cancelled']);
export type AnalysisStatus = z.infer<typeof AnalysisStatus>;

/** A failed one may be tried again. */
export const isAnalysisOver = (status: AnalysisStatus): boolean => status === 'approved' || status === 'cancelled';

const longestSpecification = 400_000;

export const NewAnalysis = z.strictObject({
  projectId: ProjectId,
  /** Without one, the repository itself is looked at for what it needs. */
  specification: z.string().max(longestSpecification).default(''),
  /** What people call it; the first line of the specification unless said otherwise. */
  name: z.string().trim().min(1, 'a name needs at least one character').max(200).optional(),
  agent: z.string().max(100).nullish(),
});
export type NewAnalysis = z.infer<typeof NewAnalysis>;

/** What stands in the way of approving a proposal: `key` is the task that it is about. */
export const ProposalProblem = z.object({ key: z.string().nullable(), message: z.string() });
export type ProposalProblem = z.infer<typeof ProposalProblem>;

/** Money in US dollars, null where unknown; times are ISO 8601. */
export const AnalysisSummary = z
  .object({
    id: AnalysisId,
    projectId: ProjectId,
    name: z.string(),
    status: AnalysisStatus,
    /** The one that was asked for; null where the project decides. */
    agent: z.string().nullable(),
    taskCount: z.number().int(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    costUsd: z.number().nullable(),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'AnalysisSummary' });
export type AnalysisSummary = z.infer<typeof AnalysisSummary>;

export const Analysis = AnalysisSummary.extend({
  specification: z.string(),
  /** The proposal as it stands, as the batch route takes it. */
  tasks: z.array(BatchTask),
  problems: z.array(ProposalProblem),
  /** What Sentra put right in the agent's answer. */
  notes: z.array(z.string()),
  /** Grows with each edit: who sends it back edits what they have seen. */
  version: z.number().int(),
  /** Once approved: the task of each key. */
  taskIds: z.record(z.string(), TaskId),
}).meta({ id: 'Analysis' });
export type Analysis = z.infer<typeof Analysis>;

export const AnalysisPatch = z.strictObject({
  /** The whole proposal as it shall be. */
  tasks: z.array(BatchTask).max(mostTasks),
  /** Of the proposal that was edited; where another one is newer the edit is refused. */
  version: z.number().int().optional(),
});
export type AnalysisPatch = z.infer<typeof AnalysisPatch>;

/** What is wrong with a proposal; `isKnown`: whether a task of the project has this id. Empty when it can be approved. */
export function findProblems(tasks: readonly BatchTask[], isKnown: (id: string) => boolean): ProposalProblem[] {
  const keys = new Set<string>();
  const problems: ProposalProblem[] = [];
  for (const { key } of tasks) {
    if (keys.has(key)) problems.push({ key, message: `Two tasks have the key "${key}".` });
    keys.add(key);
  }
  for (const { key, dependencies } of tasks)
    for (const other of new Set(dependencies)) {
      if (other === key) problems.push({ key, message: `"${key}" waits for itself.` });
      else if (!keys.has(other) && !isKnown(other))
        problems.push({
          key,
          message: `"${key}" waits for "${other}", which is neither here nor a task of the project.`,
        });
    }
  const edges = new Map(tasks.map(({ key, dependencies }) => [key, dependencies.filter((one) => one !== key)]));
  const cycle = findAnyCycle([...keys], (key) => edges.get(key) ?? []);
  if (cycle)
    problems.push({ key: cycle[0] ?? null, message: `These would wait for one another: ${cycle.join(' → ')}.` });
  if (tasks.length === 0) problems.push({ key: null, message: 'The proposal has no task.' });
  return problems;
}

/** What the agent is asked for, as JSON Schema for those that take one. */
export const ProposalAnswer = z.object({
  summary: z.string().describe('One sentence: what these tasks come to together.').optional(),
  tasks: z.array(
    z.object({
      key: z.string().describe('A short name, unique among these tasks: for use in dependencies.'),
      title: z.string().describe('What is to be done, as an order, at most 80 characters.'),
      description: z.string().describe('What is wanted, where, how one sees that it is done; Markdown.'),
      type: looseFields.type.unwrap(),
      priority: looseFields.priority.unwrap(),
      dependencies: z.array(z.string()).describe('Keys of the tasks that must be merged before this one can begin.'),
    }),
  ),
});

export type Proposal = { tasks: BatchTask[]; notes: string[] };

/** Where the agent writes a list that is too long for one answer: a task as a JSON object on each line. */
export const proposalFile = 'sentra-tasks.jsonl';

/**
 * The tasks of an agent's answer, and before them those of `lines`, what it wrote into the file for long lists. A string where there are
 * none to take, for the agent's next attempt.
 */
export function readProposal(answer: unknown, lines = ''): Proposal | string {
  const notes: string[] = [];
  const written = lines.split('\n').flatMap((line, at) => readLine(line, at, notes));
  const answered = (answer as { tasks?: unknown } | null)?.tasks ?? (written.length > 0 ? [] : undefined);
  if (!Array.isArray(answered)) return 'The answer has no list "tasks".';
  const given = [...written, ...answered];
  if (given.length === 0) return 'The list "tasks" of the answer is empty.';
  if (given.length > mostTasks) return `The answer has ${given.length} tasks; ${mostTasks} are the most.`;
  const tasks = readTasks(given, notes);
  return tasks.length > 0 ? { tasks, notes } : 'No task of the answer has a title.';
}

function readLine(line: string, at: number, notes: string[]): unknown[] {
  if (line.trim() === '') return [];
  try {
    return [JSON.parse(line)];
  } catch {
    notes.push(`Line ${at + 1} of ${proposalFile} is not JSON and was left out.`);
    return [];
  }
}

/** The job of a try, which has a run id of its own. */
export const analysisJobId = (adwId: string): string => `${jobPrefix}${adwId}`;
const jobPrefix = 'analysis:';

/** The run id of a job's try; undefined for the job of something else. */
export const tryOfJob = (jobId: string): string | undefined =>
  jobId.startsWith(jobPrefix) ? jobId.slice(jobPrefix.length) : undefined;

const longestName = 80;

/** The first line with words of a specification, without its marks of a heading. */
export function nameOf({ name, specification }: Pick<NewAnalysis, 'name' | 'specification'>): string {
  if (name) return name;
  const lines = specification.split('\n').map((line) => line.replace(/^\s*(?:[#*>-]+\s+)*/, '').trim());
  const first = lines.find((line) => /[\p{L}\p{N}]/u.test(line)) ?? 'What the repository needs';
  return first.length > longestName ? `${first.slice(0, longestName - 1)}…` : first;
}
