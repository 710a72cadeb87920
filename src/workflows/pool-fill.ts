/**
 * Making a worktree ahead, keeping it fresh, putting it away. All of it gives way to what tasks do. What cannot be moved later is
 * not installed: the verdict is remembered, so that it is found out once a day at most.
 */
import { rm } from 'node:fs/promises';
import { newPoolId } from '#src/domain/ids.ts';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { passFailpoint } from '#src/engine/failpoints.ts';
import { findPackageJson, findText } from '#src/environment/manifest.ts';
import { detectPackageManager } from '#src/environment/package-manager.ts';
import { isInHome } from '#src/environment/prepared-roots.ts';
import { judgeMove } from '#src/environment/relocation.ts';
import { hostTools, type Runner } from '#src/environment/runner.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { readText } from '#src/git/admin-dir.ts';
import { findDoubt, isDirty, makePooled, movePooled as moveFiles, type Pooled, settle } from '#src/git/pool.ts';
import { excludeLocally, isMissing } from '#src/git/repository.ts';
import { saveWork } from '#src/git/save-work.ts';
import { removeWorktree } from '#src/git/worktree.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { gentle } from '#src/process/gentle.ts';
import {
  deletePooled,
  findVerdict,
  insertPooled,
  movePooled,
  type PoolRow,
  setPooledReady,
  setVerdict,
} from '#src/store/pool.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { bringDependencies } from '#src/workflows/install.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { dependencyKey, homeOf, pooledOf, poolPath, poolSettings } from '#src/workflows/pool.ts';
import { savedPatchPath } from '#src/workflows/saved.ts';

/** A project as the pool sees it. `newest`: the commit that a task would start from now. */
export type PoolProject = { project: ProjectRow; config: ProjectConfig; confined: boolean; newest: string };

/** Makes one. When that fails nothing is left of it but a row that the next pass puts away. */
export async function fillOne(
  parts: Parts,
  subject: PoolProject,
  workerId: string,
  signal: AbortSignal,
): Promise<void> {
  const { project, config, confined, newest: base } = subject;
  const { db } = parts.database;
  const id = newPoolId();
  const path = poolPath(project, config, id);
  const settings = poolSettings(config, confined);
  const row = await insertPooled(db, { id, projectId: project.id, path, base, settings, workerId });
  await passFailpoint('fill row', 'effect');
  await excludeLocally(project, ['/.sentra/']);
  const pooled = await makePooled(project, { path, base, signal });
  await passFailpoint('fill files', 'effect');
  const installed = await installAhead(parts, subject, row, pooled, signal);
  if (installed === 'unfit') return giveUp(parts, id); // the next one leaves them to the task
  await passFailpoint('fill dependencies', 'effect');
  await settle(pooled, signal);
  await passFailpoint('fill index', 'effect');
  await setPooledReady(db, id, { adminDir: pooled.adminDir, base, ...installed });
}

/** Brings a ready one to the newest commit; one that needs other dependencies, or is not as it was left, is put away. */
export async function refresh(
  parts: Parts,
  { project, newest }: PoolProject,
  { id }: PoolRow,
  workerId: string,
  signal: AbortSignal,
): Promise<void> {
  const row = await movePooled(parts.database.db, id, 'ready', { state: 'filling', workerId });
  const pooled = row && pooledOf(row);
  if (!row || !pooled) return; // a task took it
  // Without dependencies it is as good as those of its own commit: others may be fit to be installed.
  const had = row.dependencies ?? (await dependencyKey(project, row.base));
  const isSame = had === (await dependencyKey(project, newest));
  if (!isSame || (await findDoubt(pooled)) || (await isDirty(pooled, true))) return giveUp(parts, id);
  await moveFiles(pooled, newest, true);
  await settle(pooled, signal);
  const { dependencies, named } = row;
  await setPooledReady(parts.database.db, id, { adminDir: pooled.adminDir, base: newest, dependencies, named });
}

/** Puts one away that no task can get any more. What a person did in it is saved first; answers where. */
export async function putAway(parts: Parts, project: ProjectRow, row: PoolRow): Promise<string | null> {
  const saved = isMissing(project) ? null : await removeFiles(parts, project, row);
  await rm(homeOf(parts, row.id), { recursive: true, force: true, maxRetries: 3 });
  await deletePooled(parts.database.db, row.id);
  return saved;
}

async function removeFiles(parts: Parts, project: ProjectRow, row: PoolRow): Promise<string | null> {
  const pooled = pooledOf(row); // without it the maker was killed: then it is nobody's work
  const file = savedPatchPath(parts.home, row.id);
  const work = { ...pooled, branchName: '', base: row.base, file };
  const saved = pooled && (await wasUsed(pooled)) && (await saveWork(project, work)) ? file : null;
  const empty = await removeWorktree(project, { path: row.path, deleteBranch: false });
  await empty();
  return saved;
}

const wasUsed = async (pooled: Pooled): Promise<boolean> => {
  const head = await readText(`${pooled.adminDir}/HEAD`);
  return head !== null && (head !== pooled.base || (await isDirty(pooled, true).catch(() => true)));
};

async function giveUp(parts: Parts, id: string): Promise<void> {
  await movePooled(parts.database.db, id, 'filling', { state: 'dropping' });
}

type Installed = Pick<PoolRow, 'dependencies' | 'named'>;
const nothing: Installed = { dependencies: null, named: [] };

/** Dependencies where they can be installed without anything of a task, and moved afterwards. */
async function installAhead(
  parts: Parts,
  subject: PoolProject,
  { id }: PoolRow,
  pooled: Pooled,
  signal: AbortSignal,
): Promise<Installed | 'unfit'> {
  const { project, config, confined, newest } = subject;
  const { db } = parts.database;
  if (!(await isIndependent(config, pooled.path))) return nothing;
  const dependencies = await dependencyKey(project, newest, await hasLocalSources(config, pooled.path));
  if (await findVerdict(db, project.id, dependencies)) return nothing;
  const facts = { taskId: id, title: '', type: 'chore', project, config, confined } as const;
  const refuse = async (why: string) => {
    await setVerdict(db, project.id, dependencies, why);
    return 'unfit' as const;
  };
  try {
    await bringDependencies(parts, facts, pooled.path, silent, signal, gently);
  } catch (e) {
    signal.throwIfAborted();
    if (!hasFailedByItself(e)) throw e; // says nothing about the next time
    return refuse(messageOf(e));
  }
  if (await isDirty(pooled, true)) return refuse('the install changes files that git does not ignore');
  const searchPath = hostTools(parts.baseEnv).env.PATH;
  const judged = await judgeMove({ worktreePath: pooled.path, searchPath, signal }, id);
  return judged.movable ? { dependencies, named: judged.named } : refuse(judged.why);
}

const hasFailedByItself = (e: unknown): boolean =>
  e instanceof SentraError && e.code === 'install_failed' && !(e.details as { wasKilled?: boolean }).wasKilled;

const scripts = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

/** Whether an install here needs nothing that only a task has: a script of the project may read its ports and env files. */
async function isIndependent({ setup, pool }: ProjectConfig, path: string): Promise<boolean> {
  if (setup.install === false || pool.install === false) return false;
  if (pool.install === true) return true;
  const found = setup.install === 'auto' ? await detectPackageManager(path) : undefined;
  if (!found || isInHome(found)) return false; // a pooled worktree has another home than the task's
  if (found.manager === 'poetry') return false; // Poetry finds its environment by a hash of the project's path
  const own = (await findPackageJson(path))?.scripts;
  return !scripts.some((name) => own?.[name] !== undefined);
}

/** Then a change to any file may mean another install. */
async function hasLocalSources({ setup }: ProjectConfig, path: string): Promise<boolean> {
  if (setup.install !== 'auto') return true;
  const texts = await Promise.all(['package.json', 'requirements.txt'].map((name) => findText(path, name)));
  return texts.some((text) => /"(file|link|portal):|^\s*(-e\s|\.|file:)/m.test(text ?? ''));
}

const gently = (runner: Runner): Runner => ({
  run(line, options) {
    const [program = '', ...args] = typeof line === 'string' ? ['/bin/sh', '-c', line] : line;
    const call = gentle(program, args);
    return runner.run([call.command, ...call.args], options);
  },
});

/** No task stands behind an install of the pool; what fails is in the verdict. */
const silent: Logger = {
  debug: async () => {},
  info: async () => {},
  warn: async () => {},
  error: async () => {},
  child: () => silent,
  record: () => ({ sessionId: '', onOutput: async () => {}, note: async () => {}, end: async () => {} }),
};
