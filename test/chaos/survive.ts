/** A task that goes from its start to the clean-up after its merge while its server is struck by faults. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SentraError } from '#src/errors.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { type TestSentra, until } from '../helpers/sentra.ts';
import type { Fault, Trapped } from './traps.ts';

/** For the task itself, and for each fault: a start of the server, on a busy machine. */
const patienceMs = (count: number) => 120_000 + count * 10_000;

/** Every fault strikes once; a server that was killed, or hangs, is started again. Answers what is wrong in the end. */
export async function surviveFaults(trapped: Trapped, faults: Readonly<Record<string, Fault>>): Promise<string[]> {
  const { sentra } = trapped;
  await whenIdle(sentra);
  await sentra.kill();
  trapped.arm(faults);
  await sentra.restart();
  const repository = makeRepository({ config: agentConfig('good', { merge: 'auto' }), remote: true });
  const project = await sentra.client.addProject({ body: { path: repository.path } });
  const body = { projectId: project.id, title: 'Survive', autoStart: true };
  const { id } = await sentra.client.createTask({ body });
  await outlast(trapped, faults, async () => {
    const task = await sentra.client.getTask({ params: { id } });
    return task.status === 'completed' && task.worktreePath === null;
  });
  const doubles = await despiteCut(() => findDoubles(trapped, id, repository.path));
  return [...doubles, ...(await despiteCut(() => findBroken(trapped)))];
}

/** What the task before has still at work would be resumed, and struck before the next one is there. */
export async function whenIdle({ home }: TestSentra): Promise<void> {
  const client = new pg.Client({ connectionString: (await startEmbedded({ home })).url });
  await client.connect();
  try {
    const jobs = "select 1 from dbos.workflow_status where status in ('PENDING', 'ENQUEUED')";
    await until(async () => (await client.query(jobs)).rows.length === 0, 60_000);
  } finally {
    await client.end();
  }
}

/**
 * Until every fault has struck and `isOver`; a server that was killed, or hangs, is started again, after `look` was taken at what it
 * left: nothing changes meanwhile.
 */
export async function outlast(
  { sentra, fired }: Trapped,
  faults: Readonly<Record<string, Fault>>,
  isOver: () => Promise<boolean>,
  look: (struck: string) => Promise<void> = async () => {},
): Promise<void> {
  const awaited = Object.keys(faults).length;
  let answered = 0;
  await until(
    async () => {
      const struck = fired();
      const newest = struck.at(-1);
      if (newest && struck.length > answered && faults[newest] !== 'error') {
        answered = struck.length;
        await sentra.kill();
        await look(newest);
        await sentra.restart().catch(() => {}); // it may be struck again while it starts
      }
      return fired().length === awaited && (await isOver().catch(() => false)); // away at this moment
    },
    patienceMs(awaited),
    () => `${fired().length} of ${awaited} faults struck, last ${fired().at(-1)}; the server said:\n${sentra.output()}`,
  );
}

/** The last fault may cut the way to the database at this moment. */
export async function despiteCut<T>(look: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await look();
    } catch (e) {
      if (tries === 20 || !(e instanceof SentraError && e.code === 'database_unavailable')) throw e;
      await sleep(100);
    }
  }
}

/** One attempt of each phase, one commit of each kind, one merge. */
async function findDoubles({ sentra }: Trapped, id: string, repositoryPath: string): Promise<string[]> {
  const { items } = await sentra.client.listRuns({ params: { id } });
  const attempts = items.flatMap(({ phases }) => phases.map((p) => `${p.phase} ${p.attempt} ${p.state}`));
  const subjects = git(repositoryPath, 'log', '--format=%s', '--topo-order', 'main').split('\n');
  const problems: string[] = [];
  if (attempts.join() !== 'PLAN 1 passed,CODE 1 passed,TEST 1 passed,REVIEW 1 passed')
    problems.push(`the attempts were ${attempts.join(', ')}`);
  if (subjects.join() !== 'merge: Survive,code: Survive,plan: Plan for Survive,Begin')
    problems.push(`the commits are ${subjects.join(', ')}`);
  return problems;
}

export async function findBroken({ sentra }: Trapped): Promise<string[]> {
  const { checks } = await sentra.client.verify();
  return checks.flatMap(({ name, problems }) => problems.map((problem) => `not true that ${name}: ${problem}`));
}
