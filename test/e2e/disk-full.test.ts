import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeRepository } from '../helpers/repository.ts';
import { makeHome, startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';

/** Says what cannot be told by any compression, until it is told to stop. */
const flood = `import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
const say = () => {
  if (process.env.PHASE === 'CODE') writeFileSync('done.txt', 'done');
  if (process.argv[2] !== 'flood' || existsSync('stop')) return;
  const lines = Array.from({ length: 200 }, () => randomBytes(300).toString('base64')).join('\\n');
  process.stdout.write(lines + '\\n', () => setImmediate(say));
};
say();
`;
const megabyte = 1024 * 1024;
const home = makeHome();
const canMount = mount('-t', 'tmpfs', '-o', 'size=256m,mode=0711', 'tmpfs', home);
let sentra: TestSentra | undefined;
afterAll(async () => {
  await sentra?.quit();
  if (canMount) execFileSync('umount', ['-l', home]);
  rmSync(home, { recursive: true, force: true });
});

function mount(...args: string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'pipe' });
    return true;
  } catch {
    return false; // only root may
  }
}

const free = () => {
  const { bavail, bsize } = statfsSync(home);
  return bavail * bsize;
};

/** Leaves nothing for anybody else. */
async function fill(file: string): Promise<void> {
  const handle = await open(file, 'w');
  const block = Buffer.alloc(64 * 1024);
  try {
    for (;;) await handle.write(block);
  } catch (e) {
    expect((e as NodeJS.ErrnoException).code).toBe('ENOSPC');
  } finally {
    await handle.close();
  }
}

test(`${canMount ? '' : 'NOT LOOKED AT, because it takes root and a tmpfs: '}a disk that fills up under the database stops new work and log lines, and all goes on when there is room`, async () => {
  if (!canMount) return;
  sentra = await startTestSentra({ home, env: { SENTRA_MIN_DISK: '100MB' } });
  const { client } = sentra;
  const agent = (mode: string) => ({ kind: 'command', command: ['node', 'flood.mjs', mode] });
  const { path: repository } = makeRepository({
    config: { agents: { default: 'brief', brief: agent('brief'), mad: agent('flood') }, logs: { maxMbPerTask: 2000 } },
    files: { 'flood.mjs': flood },
  });
  const project = await client.addProject({ body: { path: repository } });
  const begin = async (title: string, name: string) => {
    const { id } = await client.createTask({ body: { projectId: project.id, title, agent: name } });
    await client.executeTask({ params: { taskId: id }, body: { workflowType: 'code' } });
    return id;
  };
  const mad = await begin('Speak', 'mad');
  const shortages = async () => (await client.getSystem()).shortages.map(({ code }) => code);
  await until(
    async () => (await shortages()).includes('disk_low'),
    120_000,
    () => `${free() / megabyte} MB are free`,
  );
  const late = await begin('Wait', 'brief');
  const lastOf = async (taskId: string) => (await client.getLogSummary({ params: { taskId }, query: {} })).lastSeq;
  let before = -1;
  await until(async () => {
    const [last, seen] = [await lastOf(mad), before];
    before = last;
    return free() < 60 * megabyte && last === seen;
  }, 120_000);
  expect(free()).toBeGreaterThan(5 * megabyte);
  expect((await client.getTask({ params: { id: mad } })).status).toBe('running');
  expect((await client.getTask({ params: { id: late } })).status).toBe('queued');
  const log = path.join(home, 'postgres', 'log', 'postgres.log');
  expect(await readFile(log, 'utf8')).not.toContain('PANIC');

  const ballast = path.join(home, 'ballast');
  await fill(ballast);
  await client.patchTask({ params: { id: late }, body: { title: 'Wait, or not' } }).catch(() => {}); // it may be refused
  rmSync(ballast);
  expect(mount('-o', 'remount,size=1g', home)).toBe(true);
  await until(async () => (await lastOf(mad).catch(() => 0)) > before, 120_000);
  writeFileSync(path.join(repository, '.sentra', 'worktrees', mad, 'stop'), '');
  expect((await waitForRun(sentra, mad, 120_000)).error).toBeNull();
  expect((await waitForRun(sentra, late, 120_000)).error).toBeNull();
  const lines = await client.getLogSummary({ params: { taskId: mad }, query: {} });
  expect(lines.total).toBe(lines.lastSeq);
}, 600_000);
