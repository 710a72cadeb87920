/**
 * Approved pull requests that the merge queue takes as one batch while their server is struck, and one that conflicts: with a plain remote, on
 * a server like GitHub, and there behind rules, where GitHub itself merges. The base must have each task once, and the
 * evidence of a merge must have been stored before the base moved.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { openDatabase } from '#src/store/database.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import type { GitHubServer } from '../fixtures/github-server.ts';
import { addGitHubProject } from '../helpers/github.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { until, waitForTask } from '../helpers/sentra.ts';
import { despiteCut, findBroken, outlast, whenIdle } from './survive.ts';
import type { Fault, Trapped } from './traps.ts';

export const mergeKinds = ['local', 'github', 'guarded'] as const;
export type MergeKind = (typeof mergeKinds)[number];
export type Struck = { trapped: Trapped; github: GitHubServer; kind: MergeKind };

const held = 'merge compose@before';
/** Its title ends with the number of another one, whose file it writes as well. */
const clash = 'Clash 3';
const titles = ['Merge 1', 'Merge 2', 'Merge 3'];

type Scene = { projectId: string; path: string; ids: string[]; clashing: string };
/** `base`: the repository whose main must not move but as told; `log`: of its moves. */
type Base = { base: string; log: string };

/** Answers what is wrong in the end, or was while the server was dead. */
export async function surviveMerges(struck: Struck, faults: Readonly<Record<string, Fault>>): Promise<string[]> {
  const { trapped } = struck;
  const { sentra } = trapped;
  await whenIdle(sentra);
  await sentra.kill();
  trapped.arm({ [held]: 'hang' });
  await sentra.restart();
  const scene = await prepare(struck);
  await askAtOnce(struck, scene);
  await sentra.kill();
  trapped.arm(faults);
  await sentra.restart().catch(() => {}); // it may be struck while it starts
  const problems: string[] = [];
  const isOver = async () => {
    const tasks = await Promise.all(scene.ids.map((id) => sentra.client.getTask({ params: { id } })));
    const { items } = await sentra.client.listMergeQueue({ query: { projectId: scene.projectId } });
    const [last, ...more] = items;
    return (
      tasks.every((task) => task.status === 'completed' && task.worktreePath === null) &&
      more.length === 0 &&
      last?.state === 'refused'
    );
  };
  await outlast(trapped, faults, isOver, async (point) => {
    for (const problem of await findUnproven(struck, scene)) problems.push(`after ${point}: ${problem}`);
  });
  problems.push(...(await findUnproven(struck, scene)), ...(await findLate(struck, scene)));
  problems.push(...findMoves(struck, scene), ...findThere(struck, scene));
  return [...problems, ...(await despiteCut(() => findBroken(trapped)))];
}

/** Four tasks in review that all began from the same commit. */
async function prepare({ trapped: { sentra }, github, kind }: Struck): Promise<Scene> {
  const modes = 'shares,grouped';
  const config = { mergeQueue: { atOnce: 1 } };
  github.repository.guarded = kind === 'guarded';
  const project =
    kind === 'local'
      ? await sentra.client.addProject({
          body: { path: makeRepository({ config: agentConfig(modes, config), remote: true }).path },
        })
      : await addGitHubProject(sentra, github, modes, config);
  const tasks = [...titles, clash].map((title) => ({
    key: title.replace(' ', '-'),
    title,
    priority: title === clash ? ('low' as const) : ('high' as const),
    autoStart: true,
  }));
  const { items } = await sentra.client.createTasks({ body: { projectId: project.id, tasks } });
  for (const { id } of items) await waitForTask(sentra, id, ['in_review'], 120_000);
  const ids = items.filter(({ title }) => title !== clash).map(({ id }) => id);
  const clashing = items.find(({ title }) => title === clash)?.id ?? '';
  return { projectId: project.id, path: project.path, ids, clashing };
}

/** The queue hangs before it looks at who waits, so that all of them wait then. */
async function askAtOnce({ trapped: { sentra, fired } }: Struck, { projectId, ids, clashing }: Scene): Promise<void> {
  for (const id of [...ids, clashing]) void sentra.client.mergeTask({ params: { id } }).catch(() => {});
  await until(
    async () => {
      const { items } = await sentra.client.listMergeQueue({ query: { projectId } });
      return items.length === ids.length + 1 && fired().includes(held);
    },
    60_000,
    () => `they did not all wait; the server said:\n${sentra.output()}`,
  );
}

const baseOf = ({ github, kind }: Pick<Struck, 'github' | 'kind'>, { path: folder }: Scene): Base =>
  kind === 'local'
    ? { base: folder, log: path.join(folder, '.git/logs/refs/heads/main') }
    : { base: github.repository.git.bare, log: path.join(github.repository.git.bare, 'logs/refs/heads/main') };

const treesOf = ({ base }: Base) => git(base, 'log', '--first-parent', '--format=%T', 'main').split('\n');
const subjectsOf = ({ base }: Base) => git(base, 'log', '--format=%s', 'main').split('\n');

/** What the base has without a test of that very state having been stored. The server may be dead: the database is asked. */
async function findUnproven(struck: Struck, scene: Scene): Promise<string[]> {
  const base = baseOf(struck, scene);
  const [trees, subjects] = [new Set(treesOf(base)), subjectsOf(base)];
  const problems: string[] = [];
  for (const [at, id] of scene.ids.entries()) {
    const times = subjects.filter((subject) => subject === `merge: ${titles[at]}`).length;
    if (times > 1) problems.push(`${titles[at]} is on main ${times} times`);
    if (times === 0) continue;
    const proven = (await mergeEvidence(struck, id)).some(({ passed, data }) => passed && trees.has(String(data.tree)));
    if (!proven) problems.push(`${titles[at]} is on main without evidence of what main became`);
  }
  if (subjects.includes(`merge: ${clash}`)) problems.push('what conflicts is on main');
  return problems;
}

async function mergeEvidence({ trapped: { sentra } }: Pick<Struck, 'trapped'>, taskId: string) {
  const database = await openDatabase((await startEmbedded({ home: sentra.home })).url, { maxConnections: 1 });
  try {
    return (await listEvidence(database.db, taskId)).filter(({ kind }) => kind === 'merge');
  } finally {
    await database.close();
  }
}

/** Evidence of a batch that came after the only move of the base. */
async function findLate(struck: Struck, scene: Scene): Promise<string[]> {
  const movedAtMs = statSync(baseOf(struck, scene).log).mtimeMs;
  const all = (await Promise.all(scene.ids.map((id) => mergeEvidence(struck, id)))).flat();
  const late = all.filter(({ createdAt }) => Date.parse(createdAt) > movedAtMs);
  return late.map(({ taskId }) => `evidence of the merge of ${taskId} is younger than the move of main`);
}

/** One move brings the batch; GitHub itself merges one by one. */
function findMoves(struck: Struck, scene: Scene): string[] {
  const base = baseOf(struck, scene);
  const lines = git(base.base, 'reflog', 'show', '--format=%gd', 'main').split('\n').length - 1;
  const due = struck.kind === 'guarded' ? titles.length : 1;
  const merged = subjectsOf(base).filter((subject) => titles.some((title) => subject === `merge: ${title}`));
  return [
    ...(lines === due ? [] : [`main moved ${lines} times, not ${due}`]),
    ...(merged.length === titles.length ? [] : [`main has ${merged.join(', ')}`]),
    ...(git(scene.path, 'rev-parse', 'main') === git(base.base, 'rev-parse', 'main')
      ? []
      : ['main here did not follow']),
  ];
}

/** Each is merged at GitHub, once; by a request where rules are, by a push otherwise. */
function findThere({ github: { repository, requests }, kind }: Struck, { ids, clashing }: Scene): string[] {
  if (kind === 'local') return [];
  const problems: string[] = [];
  for (const id of [...ids, clashing]) {
    const pulls = repository.pulls.filter(({ branch }) => branch.endsWith(id.slice(5, 13)));
    const [pull] = pulls;
    if (pulls.length !== 1 || !pull) problems.push(`${id} has ${pulls.length} pull requests`);
    else if (pull.merged !== (id !== clashing)) problems.push(`pull request ${pull.number} is ${pull.state}`);
    const asked = requests.filter((line) => line === `PUT /repos/octo/shop/pulls/${pull?.number}/merge 200`).length;
    if (asked !== (kind === 'guarded' && id !== clashing ? 1 : 0))
      problems.push(`GitHub was asked ${asked} times to merge ${pull?.number}`);
  }
  return problems;
}
