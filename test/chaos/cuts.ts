/**
 * Two workers whose way to the database is cut, or leads nowhere though nobody closed it, one or the other, for longer than their lease, so that each time the other takes
 * over what the first still has at work. Agents write down every ten milliseconds that they live; no two may have lived at once for one task.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbedded } from '#src/store/postgres.ts';
import { layCable } from '../helpers/cable.ts';
import { startTestSentra, type TestSentra, until } from '../helpers/sentra.ts';
import { shortLease, startWorker, type TestWorker } from '../helpers/worker.ts';
import { addProject, feed, findOrphans, settle } from './chaos.ts';
import { createRandom } from './random.ts';

export type CutsOptions = { cuts: number; seed: number; say: (line: string) => void };
/** `takeovers`: cuts after which the other worker found something to take. `doubleMs`: in which two agents worked on one task. */
export type CutsResult = { tasks: number; takeovers: number; sessions: number; doubleMs: number; problems: string[] };

/** Of the build with the short lease. */
const lapseMs = 4_000;

export async function runCuts({ cuts, seed, say }: CutsOptions): Promise<CutsResult> {
  const random = createRandom(seed);
  const sentra = await startTestSentra({ main: shortLease, role: 'server' });
  const beats = watchBeats(sentra.home);
  const done: CutsResult = { tasks: 0, takeovers: 0, sessions: 0, doubleMs: 0, problems: [] };
  const { url } = await startEmbedded({ home: sentra.home });
  const cables = [await layCable(url), await layCable(url)];
  const workers: TestWorker[] = [];
  try {
    for (const { url: own } of cables) workers.push(await startWorker(sentra, { env: { DATABASE_URL: own } }));
    const projects = [await addProject(sentra, false, 'beats,slow'), await addProject(sentra, true, 'beats,breathes')];
    for (let cut = 1; cut <= cuts; cut++) {
      await feed({ sentra, random, projects, done });
      await sleep(random.whole(500, 2_500)); // the moment is what chaos is about
      const at = random.whole(0, 1);
      const [other, id] = [workers[1 - at] as TestWorker, (workers[at] as TestWorker).id];
      const before = countTaken(other, id);
      if (random.whole(0, 2) === 0) cables[at]?.stall();
      else cables[at]?.cut();
      await sleep(lapseMs + random.whole(1_000, 4_000));
      cables[at]?.mend();
      await until(() => isAlive(sentra, id), 30_000);
      if (countTaken(other, id) > before) done.takeovers++;
      say(`${cut} cuts, ${done.takeovers} with something to take over, ${done.tasks} tasks`);
    }
    done.problems.push(...(await settle({ sentra })));
    const { sessions, doubleMs, double } = await beats.end();
    Object.assign(done, { sessions, doubleMs });
    done.problems.push(...double);
  } finally {
    for (const worker of workers) await worker.end('SIGTERM');
    for (const cable of cables) await cable.close();
    await sentra.stop();
  }
  done.problems.push(...(await findOrphans(sentra)));
  return done;
}

const countTaken = (worker: TestWorker, id: string): number => worker.output().split(`jobs of ${id}`).length;

const isAlive = async ({ client }: TestSentra, id: string): Promise<boolean> =>
  (await client.listWorkers()).items.some((worker) => worker.id === id && worker.state === 'alive');

/** The home of a task goes after its merge, so what stands in it is read all the time. */
function watchBeats(home: string) {
  const folder = path.join(home, 'homes');
  const texts = new Map<string, string>();
  const read = () => {
    for (const task of existsSync(folder) ? readdirSync(folder) : [])
      try {
        texts.set(task, readFileSync(path.join(folder, task, 'beats'), 'utf8'));
      } catch {
        // it has no agent yet, or went at this moment
      }
  };
  const timer = setInterval(read, 50);
  return {
    async end() {
      clearInterval(timer);
      read();
      const found = [...texts].map(([task, text]) => ({ task, lives: livesIn(text) }));
      const double = found.map(({ task, lives }) => ({ task, ms: overlapOf(lives) })).filter(({ ms }) => ms > 0);
      return {
        sessions: found.reduce((sum, { lives }) => sum + lives.length, 0),
        doubleMs: double.reduce((sum, { ms }) => sum + ms, 0),
        double: double.map(({ task, ms }) => `two agents worked on ${task} for ${ms} ms`),
      };
    },
  };
}

/** From the first beat of a session to its last, both in ms since the epoch. */
type Life = { from: number; to: number };

export function livesIn(text: string): Life[] {
  const lives = new Map<string, Life>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [session = '', at = ''] = line.split(' ');
    const life = lives.get(session) ?? { from: Number(at), to: 0 };
    lives.set(session, { ...life, to: Number(at) });
  }
  return [...lives.values()].sort((a, b) => a.from - b.from);
}

/** `lives` in the order of their beginnings. */
export function overlapOf(lives: readonly Life[]): number {
  let end = 0;
  let ms = 0;
  for (const { from, to } of lives) {
    ms += Math.max(0, Math.min(end, to) - from);
    end = Math.max(end, to);
  }
  return ms;
}
