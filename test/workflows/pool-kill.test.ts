/** kill -9 at random while worktrees are prepared ahead, taken, installed in and removed, behind the wall as tasks are. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProjects } from '#src/orchestrator/projects.ts';
import { reconcileOnce } from '#src/orchestrator/reconcile.ts';
import { createTasks } from '#src/orchestrator/tasks.ts';
import { removeStaleSocketFolders } from '#src/sandbox/sockets.ts';
import { listPool } from '#src/store/pool.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { createRandom } from '../chaos/random.ts';
import { worktree } from '../environment/npm-shop.ts';
import { createPoolParts } from '../fixtures/pool-parts.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { killAfter, killCount, seed, timeWhole } from '../helpers/kills.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { liveOnce, tend } from './pool-life.ts';

const program = path.resolve(import.meta.dirname, '../fixtures/pool-life.ts');
const kills = killCount(2);

let parts: Parts;
let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  const made = await createTestDatabase();
  parts = createPoolParts(made.database, makeFolder('home'));
  url = made.url;
  drop = async () => {
    await parts.logs.close();
    await parts.sandbox.close();
    await made.drop();
    await removeStaleSocketFolders();
  };
});
afterAll(() => drop());

/** With two packages that come from archives of its own, one of which is built when it is installed. */
async function makeProject() {
  const repository = makeRepository({ config: { pool: { size: 1 } }, files: { '.gitignore': 'node_modules\n' } }).path;
  await cp(await worktree(), repository, { recursive: true });
  git(repository, 'add', '-A');
  git(repository, 'commit', '-qm', 'Depend on two packages');
  return { repository, projectId: (await createProjects(parts).add({ path: repository })).id };
}

const newTask = async (projectId: string, title: string): Promise<string> =>
  (await createTasks(parts).create({ projectId, title, autoStart: false })).id;

/** Other dependencies from here on: what is prepared is of no use any more. */
function changeDependencies(repository: string, round: number): void {
  const file = path.join(repository, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...manifest, description: `round ${round}` }));
  git(repository, 'commit', '-qam', `Round ${round}`);
}

const worksIn = (folder: string): string =>
  execFileSync(process.execPath, ['-p', 'require("tiny") + fs.readFileSync("node_modules/builder/built.js", "utf8")'], {
    cwd: folder,
    encoding: 'utf8',
  }).trim();

/** Programs that a killed one left at work in a folder. */
const processesIn = (folder: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false; // not a process, or no more
    }
  });

test(
  `killed ${kills} times over preparing, taking, installing and removing, it gives each task its worktree and leaves nothing (seed ${seed})`,
  async () => {
    const { repository, projectId } = await makeProject();
    const newLife = async (round: number) => ({
      kept: await newTask(projectId, `Keep ${round}`),
      gone: await newTask(projectId, `Go ${round}`),
    });
    const argument = async (round: number) => ({ url, home: parts.home, ...(await newLife(round)) });
    const random = createRandom(seed);
    const said: string[] = [];
    await liveOnce(parts, await newLife(-1), (line) => said.push(line)); // from the second on there is one to take
    changeDependencies(repository, 0);
    const wholeMs = await timeWhole({ program, argument: await argument(0) });
    const kept: string[] = [];
    for (let round = 1; round <= kills; round++) {
      if (random.next() < 0.5) changeDependencies(repository, round);
      const life = await argument(round);
      // Half of the time is Node's own start, in which nothing can break.
      said.push(...(await killAfter({ program, argument: life }, wholeMs * (0.3 + 0.8 * random.next()))).lines);
      await liveOnce(parts, life, (line) => said.push(line));
      const tree = await findWorktree(parts.database.db, life.kept);
      expect([round, worksIn(tree?.path ?? '')]).toEqual([round, '71']);
      expect(git(tree?.path ?? '', 'status', '--porcelain'), `round ${round}`).toBe('');
      expect(git(tree?.path ?? '', 'branch', '--show-current')).toBe(tree?.branchName);
      expect(existsSync(path.join(repository, '.sentra/worktrees', life.gone)), `round ${round}`).toBe(false);
      kept.push(life.kept);
    }
    expect(said).toEqual([]);

    const rows = await listPool(parts.database.db);
    expect(rows.map((row) => [row.state, row.dependencies !== null])).toEqual([['ready', true]]);
    for (const row of rows) expect(worksIn(row.path)).toBe('71');
    await createProjects(parts).patch(projectId, { paused: true });
    await tend(parts, (line) => said.push(line));
    const worktrees = path.join(repository, '.sentra/worktrees');
    expect(readdirSync(worktrees).filter((name) => !name.startsWith('.'))).toHaveLength(kills + 2);
    expect(readdirSync(worktrees)).toEqual(expect.arrayContaining(kept));
    expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(1 + kills + 2);
    expect(git(repository, 'branch', '--format=%(refname)').split('\n')).toHaveLength(1 + kills + 2);
    expect(git(repository, 'fsck', '--no-dangling', '--no-progress')).toBe('');
    const homes = readdirSync(path.join(parts.home, 'homes'));
    expect(homes.filter((name) => name.startsWith('pool-'))).toEqual([]);
    await expect.poll(() => processesIn(repository), { timeout: 10_000 }).toEqual([]);
    expect(
      (await reconcileOnce(parts, { dryRun: true, requested: true, onError: expect.unreachable })).map(
        (one) => one.path,
      ),
    ).toEqual([]);
    await expectWholeCaches(repository, projectId);
    expect(said).toEqual([]);
  },
  60_000 + kills * 20_000,
);

/** Of kept dependencies each is whole; half-built ones go with the next install once they are old, marks with their worktrees. */
async function expectWholeCaches(repository: string, projectId: string): Promise<void> {
  const folder = path.join(parts.home, 'caches', projectId, 'dependencies');
  for (const name of readdirSync(folder).filter((one) => one.startsWith('.building-')))
    utimesSync(path.join(folder, name), 1, 1);
  await createProjects(parts).patch(projectId, { paused: false });
  changeDependencies(repository, -1);
  const [kept, gone] = [await newTask(projectId, 'Keep'), await newTask(projectId, 'Go')];
  await liveOnce(parts, { kept, gone }, expect.unreachable);
  const names = readdirSync(folder);
  expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
  for (const name of names) expect(existsSync(path.join(folder, name, 'manifest.json'))).toBe(true);
}
