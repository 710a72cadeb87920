/**
 * A backlog with planned conflicts, merged with nobody there: some tasks write the same line, some are green alone and red
 * together. Afterwards each commit that the base stood on is tried again. The floor is the time of the queue's tests, one by one.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { agentConfig, agentPath, git, makeRepository } from '../test/helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../test/helpers/sentra.ts';
import type { Benchmark } from './benchmark.ts';

const testSeconds = 2;
const atOnce = 4;

export const mergeConflicts: Benchmark = {
  name: 'merge-conflicts',
  title: `tasks that conflict in text and in meaning, merged by "auto" with tests of ${testSeconds} s`,
  async measure(say, option = '40') {
    const sentra = await startTestSentra({ env: { SENTRA_SLOTS: '6', SENTRA_TEST_SLOTS: String(atOnce) } });
    try {
      const { path } = makeRepository({ config });
      const { client } = sentra;
      const project = await client.addProject({ body: { path } });
      const tasks = planTasks(Number(option));
      const { items } = await client.createTasks({ body: { projectId: project.id, tasks } });
      const ids = items.map(({ id }) => id);
      for (const id of ids) await waitForTask(sentra, id, ['in_review'], 900_000);
      say(`${ids.length} tasks are in review, all from the same commit`);
      writeFileSync(join(path, 'sentra.json'), JSON.stringify({ ...config, merge: 'auto' })); // from here on nobody is asked
      const begun = performance.now();
      // One that was sent back answers as an error; where the task ends is what counts.
      await Promise.allSettled(ids.map((id) => client.mergeTask({ params: { id } })));
      const left = await settle(sentra, ids);
      const value = performance.now() - begun;
      const commits = git(path, 'rev-list', '--first-parent', 'main').split('\n');
      const red = commits.filter((commit) => !isGreen(path, commit));
      say(
        `${ids.length - left.length} merged over ${commits.length - 1} commits of main; red among them: ${red.length}`,
      );
      for (const reason of left) say(`with a person: ${reason}`);
      if (red.length > 0) throw new Error(`main was red at ${red.join(', ')}`);
      const floor = ids.length * testSeconds * 1000;
      return {
        name: 'merge-conflicts',
        value: Math.round(value),
        unit: 'ms',
        floor,
        ratio: Math.round((value / floor) * 1000) / 1000,
        runs: 1,
        tasks: ids.length,
        withPerson: left.length,
      };
    } finally {
      await sentra.stop();
    }
  },
};

const agentOf = (modes: string) => ({ kind: 'command', command: ['node', agentPath, `${modes},grouped`] });

/** Two parts of one number need a file that joins them. */
const script = `case $PWD in */merge-*) sleep ${testSeconds};; esac
for n in 1 2 3 4 5 6; do
  test $(ls part-$n-*.txt 2>/dev/null | wc -l) -lt 2 || test -e joined-$n.txt || { echo "The parts of $n are not joined"; exit 1; }
done`;

const config = agentConfig('good', {
  test: script,
  mergeQueue: { atOnce, agentRounds: 5 },
  agents: { default: 'plain', plain: agentOf('good'), shares: agentOf('shares'), parts: agentOf('parts') },
});

/** Three tenths write one of four files, three tenths are one of the parts of six things, the others have nothing to do with each other. */
const planTasks = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const agent = at % 10 < 3 ? 'shares' : at % 10 < 6 ? 'parts' : 'plain';
    const number = agent === 'shares' ? 1 + (at % 4) : 1 + (at % 6);
    return { key: `k${at}`, title: `${agent} ${at} of ${number}`, agent, autoStart: true };
  });

/** Waits until each is merged, or waits for a person; answers why those do. */
async function settle(sentra: TestSentra, ids: readonly string[]): Promise<string[]> {
  const reasons = new Map<string, string>();
  for (const id of ids)
    await until(async () => {
      const task = await sentra.client.getTask({ params: { id } });
      const reason = task.status === 'failed' ? task.error?.message : task.notice;
      if (task.status === 'failed' || (task.status === 'in_review' && reason?.startsWith('Not merged')))
        reasons.set(id, `${task.title}: ${reason}`);
      return task.status === 'completed' || reasons.has(id);
    }, 900_000);
  return [...reasons.values()];
}

/** By the files of the commit alone, not by what was said of it. */
function isGreen(repository: string, commit: string): boolean {
  const names = git(repository, 'ls-tree', '--name-only', commit).split('\n');
  const parts = Map.groupBy(
    names.filter((name) => name.startsWith('part-')),
    (name) => name.split('-')[1],
  );
  const joined = [...parts].every(([number, ones]) => ones.length < 2 || names.includes(`joined-${number}.txt`));
  const shared = names.filter((name) => name.startsWith('shared-'));
  return joined && shared.every((name) => !/^[<=>]{7}/m.test(git(repository, 'show', `${commit}:${name}`)));
}
