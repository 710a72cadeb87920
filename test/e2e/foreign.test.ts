/** What Sentra did not make is never touched: random things of a person beside ours are byte for byte there after the clean-up. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTaskId } from '#src/domain/ids.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const kinds = ['worktree', 'locked', 'vanished', 'branch', 'file', 'folder', 'link', 'trash'] as const;
type Thing = { kind: (typeof kinds)[number]; name: string };
const id = fc.integer({ min: 0, max: 0xffffffff }).map((number) => `task-${number.toString(16).padStart(12, '0')}`);
const name = fc.oneof(id, fc.constantFrom('mine', 'task-', 'a b', 'ü', '-x', 'pool-000000000000'));
const thing: fc.Arbitrary<Thing> = fc.record({ kind: fc.constantFrom(...kinds), name });
const things = fc.uniqueArray(thing, { minLength: 8, maxLength: 16, selector: (one) => one.name });

test("a person's worktrees, branches, files and links are untouched, and all that was ours is gone", async () => {
  const property = fc.asyncProperty(things, async (foreign) => {
    const repository = makeRepository({ config: agentConfig() }).path;
    const worktrees = path.join(repository, '.sentra', 'worktrees');
    await sentra.client.addProject({ body: { path: repository } });
    mkdirSync(path.join(worktrees, '.trash'), { recursive: true });
    for (const one of foreign) plant(one, repository, worktrees);
    const before = stateOf(repository, worktrees);

    const [left, gone] = await leaveBehind(repository, worktrees);
    expect(stateOf(repository, worktrees)).not.toEqual(before);
    const { items } = await sentra.client.cleanWorktrees({ body: { dryRun: false } });
    expect(items.filter((item) => item.problem)).toEqual([]);
    expect(stateOf(repository, worktrees)).toEqual(before);
    expect(existsSync(path.join(sentra.home, 'saved', left))).toBe(true);
    expect(existsSync(path.join(sentra.home, 'saved', gone))).toBe(false);
  });
  await fc.assert(property, { numRuns: 3, endOnFailure: true });
});

function plant({ kind, name }: Thing, repository: string, worktrees: string): void {
  const at = path.join(worktrees, name);
  const branch = `feature/x-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`; // looks like ours
  if (kind === 'branch') git(repository, 'branch', branch);
  else if (kind === 'file') writeFileSync(at, name);
  else if (kind === 'link') symlinkSync(makeFolder('outside'), at);
  else if (kind === 'folder' || kind === 'trash') {
    const folder = kind === 'folder' ? at : path.join(worktrees, '.trash', name);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'file'), name);
  } else {
    git(repository, 'worktree', 'add', '-q', '-b', branch, '--', at);
    writeFileSync(path.join(at, 'mine.txt'), name);
    if (kind === 'locked') git(repository, 'worktree', 'lock', '--reason', 'sent away', '--', at);
    if (kind === 'vanished') rmSync(at, { recursive: true });
  }
}

/** Three worktrees of tasks that this Sentra does not know: with changes, without its folder, and in the trash. */
async function leaveBehind(repository: string, worktrees: string): Promise<[string, string]> {
  const repo = { path: repository, gitDir: path.join(repository, '.git') };
  const base = git(repository, 'rev-parse', 'main');
  const make = async () => {
    const taskId = newTaskId();
    const place = { path: path.join(worktrees, taskId), branchName: `feature/ours-${taskId.slice(5, 13)}` };
    await createWorktree(repo, { ...place, base });
    return { taskId, ...place };
  };
  const [left, gone, trashed] = [await make(), await make(), await make()];
  writeFileSync(path.join(left.path, 'ours.txt'), 'x');
  rmSync(gone.path, { recursive: true });
  await removeWorktree(repo, { ...trashed, deleteBranch: true }); // and its files are not deleted
  return [left.taskId, gone.taskId];
}

const stateOf = (repository: string, worktrees: string) => ({
  files: readTree(worktrees),
  administration: readTree(path.join(repository, '.git', 'worktrees')),
  refs: git(repository, 'for-each-ref', '--format=%(refname) %(objectname)'),
  status: git(repository, 'status', '--porcelain'),
});

/** Every name below a folder, with what it holds; links are not followed. */
function readTree(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of existsSync(folder) ? readdirSync(folder).sort() : []) {
    const file = path.join(folder, name);
    const stat = lstatSync(file);
    if (stat.isDirectory()) Object.assign(found, { [`${file}/`]: '' }, readTree(file));
    else found[file] = stat.isSymbolicLink() ? readlinkSync(file) : readFileSync(file, 'latin1');
  }
  return found;
}
