/**
 * The main job: one `full_sdlc`, from the request that starts it to a pull request in review, with an agent that only writes
 * a file. What it costs beyond its git commands and its four confined processes (main-job-floor.ts) is Sentra's own.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { followEvents } from '#src/client/stream.ts';
import { makeRepository } from '../test/helpers/repository.ts';
import { makeHome, startTestSentra, type TestSentra, until } from '../test/helpers/sentra.ts';
import { type Benchmark, interleave } from './benchmark.ts';
import { installRecorder, readRecording } from './git-recording.ts';
import { createFloor, type RecordedJob } from './main-job-floor.ts';

export const mainJob: Benchmark = {
  name: 'main-job',
  title: 'a task from start to review, against its git commands and processes alone',
  async measure(say) {
    const scratch = mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-'));
    const recorder = installRecorder(scratch);
    const home = makeHome();
    const env = { PATH: `${recorder.folder}:${process.env.PATH ?? ''}`, SENTRA_SLOTS: '4' };
    const sentra = await startTestSentra({ home, env });
    const events = listen(sentra);
    const repository = makeRepository({
      config,
      remote: true,
      files: { 'agent.mjs': agent, 'src/index.js': 'export const answer = 42;\n' },
    });
    try {
      const project = await sentra.client.addProject({ body: { path: repository.path } });
      const runJob = () => runOne(sentra, project.id, events);
      recorder.begin();
      const recorded = await runJob();
      recorder.end();
      const floor = await createFloor(await describe(sentra, recorded.id, { home, repository, scratch, recorder }));
      say(floor.summary);
      return await interleave(
        'main-job',
        { value: async () => (await runJob()).ms, floor: floor.run },
        { warmUps: 2, runs: 11, say },
      );
    } finally {
      events.stop();
      await sentra.stop();
      rmSync(scratch, { recursive: true, force: true });
      rmSync(path.dirname(repository.path), { recursive: true, force: true });
    }
  },
};

const agent = `import { writeFileSync } from 'node:fs';
const { PHASE, SENTRA_RESULT, TASK_ID } = process.env;
const answers = {
  PLAN: { summary: 'One file.', plan: '# Plan\\n\\n1. Write a file.\\n' },
  CODE: { summary: 'Wrote it.' },
  REVIEW: { verdict: 'approve', summary: 'Good.', comments: [] },
};
if (PHASE === 'CODE') writeFileSync(TASK_ID + '.txt', 'written\\n');
writeFileSync(SENTRA_RESULT, JSON.stringify(answers[PHASE]));
`;

const config = {
  test: 'true',
  agents: { default: 'writer', writer: { kind: 'command', command: ['node', 'agent.mjs'] } },
};

type Listener = { inReview(taskId: string): Promise<number>; stop(): void };

/** Hears from the server itself when a task is in review: polling would take time from what is measured. */
function listen(sentra: TestSentra): Listener {
  const stop = new AbortController();
  const waiting = new Map<string, (at: number) => void>();
  void followEvents(
    { url: sentra.url, token: sentra.token },
    undefined,
    ({ taskId, type, data }) => {
      if (type === 'task.changed' && taskId && data.status === 'in_review') waiting.get(taskId)?.(performance.now());
    },
    stop.signal,
  );
  return { inReview: (id) => new Promise((done) => waiting.set(id, done)), stop: () => stop.abort() };
}

async function runOne(
  { client }: TestSentra,
  projectId: string,
  events: Listener,
): Promise<{ id: string; ms: number }> {
  const { id } = await client.createTask({ body: { projectId, title: 'Write a file', workflowType: 'full_sdlc' } });
  const reviewed = events.inReview(id);
  const startedAt = performance.now();
  await client.executeTask({ params: { taskId: id }, body: {} });
  const ms = (await reviewed) - startedAt;
  await until(
    async () => (await client.listRuns({ params: { id } })).items[0]?.status === 'completed',
    10_000,
    () => `the run of ${id} did not end`,
  );
  return { id, ms };
}

type Places = {
  home: string;
  repository: { path: string };
  scratch: string;
  recorder: { calls: string };
};

async function describe({ client }: TestSentra, id: string, places: Places): Promise<RecordedJob> {
  const task = await client.getTask({ params: { id } });
  const { items } = await client.listRuns({ params: { id } });
  const phases = (items[0]?.phases ?? []).map(({ phase, startedAt }) => ({ phase, at: Date.parse(startedAt ?? '') }));
  const scratch = path.join(places.scratch, 'floor');
  mkdirSync(scratch);
  return {
    taskId: id,
    adwId: task.adwId ?? '',
    home: places.home,
    scratch,
    repositoryPath: places.repository.path,
    worktreePath: task.worktreePath ?? '',
    ports: task.ports,
    phases,
    testCommand: config.test,
    agentCommand: config.agents.writer.command,
    calls: readRecording(places.recorder.calls),
  };
}
