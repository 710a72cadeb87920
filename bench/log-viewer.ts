/**
 * The log in a real browser: following 5,000 lines a second after 100,000, and jumping anywhere among a million. The floors: a bare
 * page on the same socket that parses each line and shows the last ones as text, and the request for the same lines alone.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { openBrowser } from '../test/helpers/browser.ts';
import { seedLog } from '../test/helpers/log-seed.ts';
import { makeRepository } from '../test/helpers/repository.ts';
import { startTestSentra, type TestSentra, until } from '../test/helpers/sentra.ts';
import type { Benchmark, Result } from './benchmark.ts';

const linesPerSecond = 5_000;
const floorSeconds = 10;
const jumps = 40;

export const logViewer: Benchmark = {
  name: 'log-viewer',
  title: 'a log in the browser: 5,000 lines a second followed, a million lines scrolled',
  async measure(say, option) {
    const seconds = Number(option ?? 60);
    const sentra = await startTestSentra();
    const repository = makeRepository({ config: flood(seconds + 4 * floorSeconds), files: { 'agent.mjs': agent } });
    const browser = await openBrowser();
    try {
      const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
      await page.addInitScript({ path: path.join(import.meta.dirname, 'log-viewer-page.js') });
      await page.goto((await sentra.client.createLoginLink()).url);
      await page.getByRole('main').waitFor();
      const { id: projectId } = await sentra.client.addProject({ body: { path: repository.path } });
      const taskWith = async (count: number) => {
        const { id } = await sentra.client.createTask({ body: { projectId, title: `${count} lines` } });
        await seedLog(sentra.home, id, count);
        return id;
      };
      const followed = await follow({ sentra, page, taskId: await taskWith(100_000) }, { seconds, say });
      const scrolled = await scroll({ sentra, page, taskId: await taskWith(1_000_000) }, say);
      return [followed, scrolled];
    } finally {
      await browser.close();
      await sentra.stop();
      rmSync(path.dirname(repository.path), { recursive: true, force: true });
    }
  },
};

/** Writes its lines evenly, whatever the machine does. */
const agent = `const [rate, seconds] = process.argv.slice(2).map(Number);
const begun = Date.now();
let written = 0;
const timer = setInterval(() => {
  const due = Math.min(seconds, (Date.now() - begun) / 1000) * rate;
  let text = '';
  for (; written < due; written++) text += '\\u001b[36m❯\\u001b[39m live line ' + written + ' of src/webhooks/deliver.ts\\n';
  process.stdout.write(text);
  if (written >= rate * seconds) clearInterval(timer);
}, 10);
`;

const flood = (seconds: number) => ({
  test: 'true',
  agents: {
    default: 'flood',
    flood: { kind: 'command', command: ['node', 'agent.mjs', String(linesPerSecond), String(seconds)] },
  },
});

type Place = { sentra: TestSentra; page: Page; taskId: string };
type Frames = { perSecond: number; p99Ms: number };

async function follow(
  { sentra, page, taskId }: Place,
  { seconds, say }: { seconds: number; say: (line: string) => void },
): Promise<Result> {
  const cdp = await page.context().newCDPSession(page);
  await page.goto(`${sentra.url}/tasks/${taskId}?tab=logs`);
  await sentra.client.executeTask({ params: { taskId }, body: {} });
  const total = async () => (await sentra.client.getLogSummary({ params: { taskId }, query: {} })).total;
  await until(async () => (await total()) > 110_000, 60_000);

  const frames = countFrames(page, seconds);
  const heap = await peakHeap(cdp, seconds);
  const { perSecond, p99Ms } = await frames;
  const shown = await page.evaluate<number>('measure.lastShown()');
  const behind = (await total()) - shown;
  say(`${perSecond.toFixed(1)} frames a second (99 of 100 within ${p99Ms.toFixed(0)} ms), heap ${megabytes(heap)}`);
  say(`the line at the bottom is ${behind} behind the database, ${shown} lines in all`);

  await page.goto(`${sentra.url}/healthz`);
  await page.evaluate(`measure.bareStream('${taskId}', ${await total()})`);
  const bare = await countFrames(page, floorSeconds);
  await sentra.client.cancelTask({ params: { id: taskId } });
  say(`a bare page on the same stream: ${bare.perSecond.toFixed(1)} frames a second`);
  return {
    ...compared('log-viewer-follow', 1000 / perSecond, 1000 / bare.perSecond),
    runs: 1,
    framesPerSecond: Math.round(perSecond * 10) / 10,
    heapBytes: heap,
  };
}

const countFrames = (page: Page, seconds: number): Promise<Frames> =>
  page.evaluate<Frames>(`measure.frames(${seconds * 1000})`);

/** Bytes in use, garbage included, looked at each second. */
async function peakHeap(cdp: CDPSession, seconds: number): Promise<number> {
  let peak = 0;
  for (let second = 0; second < seconds; second++) {
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    peak = Math.max(peak, usedSize);
    await new Promise((done) => setTimeout(done, 1000));
  }
  return peak;
}

async function scroll({ sentra, page, taskId }: Place, say: (line: string) => void): Promise<Result> {
  await page.goto(`${sentra.url}/tasks/${taskId}?tab=logs`);
  await page.locator('.log-line[data-level]').first().waitFor({ timeout: 120_000 });
  const times = await page.evaluate<{ jump: number[]; request: number[] }>(`measure.jumps('${taskId}', ${jumps})`);
  const [value, floor] = [times.jump, times.request].map((all) => at(all, 0.5)) as [number, number];
  const p95 = at(times.jump, 0.95);
  say(`anywhere in a million lines within ${value.toFixed(0)} ms, 95 of 100 within ${p95.toFixed(0)} ms`);
  say(`the request alone ${floor.toFixed(0)} ms, 95 of 100 within ${at(times.request, 0.95).toFixed(0)} ms`);
  return { ...compared('log-viewer-scroll', value, floor), runs: jumps, p95Ms: Math.round(p95) };
}

const at = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;

const compared = (name: string, value: number, floor: number) => ({
  name,
  value: Math.round(value * 10) / 10,
  unit: 'ms' as const,
  floor: Math.round(floor * 10) / 10,
  ratio: Math.round((value / floor) * 100) / 100,
});

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
