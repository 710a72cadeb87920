/**
 * Approved pull requests that all left the base at the same commit, from the first request to the last merge, each commit of the base
 * tested. The floor is what their tests alone would take one by one; below it the queue is faster than that.
 */
import { performance } from 'node:perf_hooks';
import { agentConfig, git, makeRepository } from '../test/helpers/repository.ts';
import { startTestSentra, waitForTask } from '../test/helpers/sentra.ts';
import type { Benchmark } from './benchmark.ts';

const testSeconds = 2;
const atOnce = 4;

export const mergeQueue: Benchmark = {
  name: 'merge-queue',
  title: `merging with tests of ${testSeconds} s, ${atOnce} groups at once, against the tests alone one by one`,
  async measure(say, option = '24') {
    const count = Number(option);
    const sentra = await startTestSentra({ env: { SENTRA_SLOTS: '6', SENTRA_TEST_SLOTS: String(atOnce) } });
    try {
      // The tasks' own tests take no time: those of the queue are what is measured.
      const test = `case $PWD in */merge-*) sleep ${testSeconds};; esac`;
      const { path } = makeRepository({ config: agentConfig('good', { test, mergeQueue: { atOnce } }) });
      const { client } = sentra;
      const project = await client.addProject({ body: { path } });
      const tasks = Array.from({ length: count }, (_, at) => ({ key: `k${at}`, title: `Task ${at}`, autoStart: true }));
      const { items } = await client.createTasks({ body: { projectId: project.id, tasks } });
      for (const { id } of items) await waitForTask(sentra, id, ['in_review'], 600_000);
      say(`${count} tasks are in review`);
      const begun = performance.now();
      await Promise.all(items.map(({ id }) => client.mergeTask({ params: { id } })));
      for (const { id } of items) await waitForTask(sentra, id, ['completed'], 600_000);
      const value = performance.now() - begun;
      const floor = (count - 1) * testSeconds * 1000; // the first one's files were tested by its task
      const stood = git(path, 'rev-list', '--first-parent', '--count', 'main');
      say(`${count} merged in ${(value / 1000).toFixed(1)} s over ${Number(stood) - 1} commits of main, each tested`);
      say(`their tests one by one ${(floor / 1000).toFixed(1)} s`);
      return {
        name: 'merge-queue',
        value: Math.round(value),
        unit: 'ms',
        floor,
        ratio: round(value / floor),
        runs: 1,
        tasks: count,
      };
    } finally {
      await sentra.stop();
    }
  },
};

const round = (ratio: number): number => Math.round(ratio * 1000) / 1000;
