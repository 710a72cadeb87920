/**
 * What Sentra adds to a running agent: time to its start by the wall, against the same program without one; memory of ours
 * for each agent at work (this process's, and that of the wall's own processes); and how many events of fifty agents a whole
 * server takes in a second, from the first line to the last one stored.
 */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SessionRequest } from '#src/agents/agent.ts';
import { createCommandDriver } from '#src/agents/command.ts';
import { listProcesses, type Process } from '#src/process/processes.ts';
import { run } from '#src/process.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { makeRepository } from '../test/helpers/repository.ts';
import { startTestSentra, until } from '../test/helpers/sentra.ts';
import { type Benchmark, interleave } from './benchmark.ts';

const program = 'console.log("ready")';
const atOnce = 20;
const talkers = 50;
const linesEach = 2000;
const limits = { memoryBytes: 8e9, processes: 1000, diskBytes: 20e9 };
const egress = { allowed: [], trusted: [], setting: 'network.allow' };

export const agentOverhead: Benchmark = {
  name: 'agent-overhead',
  title:
    "an agent's own start in its room, against without one; our memory for each agent, and events per second of fifty",
  async measure(say) {
    const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-')));
    const place = openPlace(folder);
    try {
      const result = await interleave(
        'agent-overhead',
        { value: () => place.start(true), floor: () => place.start(false) },
        { warmUps: 3, runs: 21, say },
      );
      const bytesPerAgent = await place.memoryPerAgent(say);
      const eventsPerSecond = await countEvents(say);
      say(`the wall adds ${(result.value - result.floor).toFixed(0)} ms to the start of an agent`);
      return { ...result, bytesPerAgent, eventsPerSecond };
    } finally {
      await place.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function openPlace(folder: string) {
  const stateDir = path.join(folder, 'state');
  const sandbox = createSandbox({ stateDir });
  const roomOf = (name: string) => {
    const [worktreePath, homePath] = [path.join(folder, name), path.join(stateDir, 'homes', name)];
    mkdirSync(worktreePath, { recursive: true });
    return { worktreePath, homePath, readable: [path.dirname(process.execPath)], egress, limits };
  };
  return {
    async start(isConfined: boolean): Promise<number> {
      const room = roomOf('one');
      const startedAt = performance.now();
      const plain = { command: process.execPath, args: ['-e', program], cwd: room.worktreePath, env: {} };
      const command = isConfined ? await sandbox.confine(plain, { ...room, network: 'proxy' }) : plain;
      let readyAt = Number.NaN;
      await run(command, {
        onLine: () => {
          readyAt = performance.now();
        },
      });
      return readyAt - startedAt;
    },
    async memoryPerAgent(say: (line: string) => void): Promise<number> {
      const driver = createCommandDriver({ sandbox, definition: { command: ['/usr/bin/sleep', '600'] } });
      const ending = new AbortController();
      const before = process.memoryUsage.rss();
      const sessions = Array.from({ length: atOnce }, (_, at) =>
        driver.run(requestFor(roomOf(`agent-${at}`), at), async () => {}, ending.signal),
      );
      await until(async () => (await listOwn()).agents === atOnce, 60_000);
      const here = process.memoryUsage.rss() - before;
      const wall = (await listOwn()).processes.reduce((sum, { pid }) => sum + proportional(pid), 0);
      ending.abort();
      await Promise.all(sessions);
      const each = Math.round((here + wall) / atOnce);
      say(
        `${atOnce} agents at work: ${(here / atOnce / 1e6).toFixed(1)} MB of this process and ${(wall / atOnce / 1e6).toFixed(1)} MB of the wall for each`,
      );
      return each;
    },
    close: () => sandbox.close(),
  };
}

function requestFor(room: SessionRequest['room'], at: number): SessionRequest {
  const ids = { sessionId: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`, taskId: 'task', adwId: 'adw' };
  const asked = { phase: 'CODE', attempt: 1, systemPrompt: '', prompt: 'sleep', confined: true, env: {} } as const;
  return { ...ids, ...asked, room, timeoutMs: 600_000, idleMs: 600_000 };
}

/** What this process started but its launchers, and how many of them are the agents themselves. */
async function listOwn(): Promise<{ processes: Process[]; agents: number }> {
  const all = await listProcesses();
  const children = Map.groupBy(all, ({ parent }) => parent);
  const tree = [...(children.get(process.pid) ?? [])];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at]?.pid ?? -1) ?? []));
  const words = (pid: number) => readText(`/proc/${pid}/cmdline`);
  const agents = tree.filter(({ pid }) => words(pid) === ['/usr/bin/sleep', '600', ''].join('\0'));
  const wall = tree.filter(({ pid }) => /bwrap|relay/.test(words(pid)));
  return { processes: wall, agents: agents.length };
}

/** Bytes, with its part of what it shares. */
const proportional = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it ended
  }
}

/** A server with fifty agents that print as fast as it takes their lines. */
async function countEvents(say: (line: string) => void): Promise<number> {
  const sentra = await startTestSentra({ env: { SENTRA_SLOTS: String(talkers) } });
  try {
    const { client } = sentra;
    const talk = `i=0; while [ $i -lt ${linesEach} ]; do echo "line $i"; i=$((i+1)); done; exit 1`;
    const definition = { kind: 'command', command: ['/bin/sh', '-c', talk] };
    const config = { agents: { default: 'talker', talker: definition }, limits: { agentAttempts: 1 } };
    const project = await client.addProject({ body: { path: makeRepository({ config }).path } });
    const tasks = Array.from({ length: talkers }, (_, at) => ({ key: `t${at}`, title: `Talk ${at}`, autoStart: true }));
    const { items } = await client.createTasks({ body: { projectId: project.id, tasks } });
    const over = async () =>
      (await Promise.all(items.map(({ id }) => client.getTask({ params: { id } })))).every(
        (t) => t.status === 'failed',
      );
    await until(over, 300_000);
    const q = { q: 'line', limit: 1 };
    const times = await Promise.all(
      items.flatMap(({ id }) =>
        (['asc', 'desc'] as const).map(async (order) => {
          const found = await client.listLogs({ params: { taskId: id }, query: { ...q, order } });
          return Date.parse(found.items[0]?.timestamp ?? '');
        }),
      ),
    );
    const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
    const rate = Math.round((talkers * linesEach) / seconds);
    say(`${talkers} agents wrote ${talkers * linesEach} lines in ${seconds.toFixed(1)} s: ${rate} events per second`);
    return rate;
  } finally {
    await sentra.stop();
  }
}
