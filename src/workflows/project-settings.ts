import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { mayBeUnconfined, type Operator } from '#src/domain/confinement.ts';
import { type ProjectConfig, parseProjectConfig } from '#src/domain/project-config.ts';
import type { Isolation } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import { isPartial } from '#src/git/private-git.ts';
import { isMissing } from '#src/git/repository.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

/**
 * The project's `sentra.json`, from its main checkout: agents cannot write there. Throws `repository_missing` or
 * `invalid_config` with every problem named.
 */
export function readProjectConfig(project: { path: string; gitDir: string }): ProjectConfig {
  if (isMissing(project))
    throw new SentraError(
      'repository_missing',
      `There is no repository at ${project.path} any more. Put it back, or remove the project and add it where it is now.`,
    );
  const parsed = parseProjectConfig(readConfigText(project.path));
  const file = path.join(project.path, 'sentra.json');
  if (!parsed.ok) throw new SentraError('invalid_config', `${file}: ${parsed.problems.join('; ')}`);
  refuseLedOut(project.path, parsed.config.worktreesDir);
  return parsed.config;
}

/** A folder of worktrees in the repository is there indeed: a link that came with it could make folders anywhere. */
function refuseLedOut(repositoryPath: string, worktreesDir: string): void {
  const parts = path.relative(repositoryPath, path.resolve(repositoryPath, worktreesDir)).split(path.sep);
  if (parts[0] === '..') return; // whoever wrote sentra.json says so openly
  let place = repositoryPath;
  for (const part of parts) {
    place = path.join(place, part);
    if (!lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) continue;
    throw new SentraError(
      'invalid_config',
      `${place} is a link, and worktrees would be made where it leads. Remove it, or name that folder as "worktreesDir" in sentra.json.`,
    );
  }
}

/** What is wrong with a project right now, for people; null when all is well. */
export function findProjectProblem(project: { path: string; gitDir: string }): string | null {
  try {
    readProjectConfig(project);
    return null;
  } catch (e) {
    if (e instanceof SentraError) return e.message;
    throw e;
  }
}

/**
 * How a project's processes are confined. Throws when they cannot be, and when the project asks for it and who runs the server
 * has not agreed: a sentra.json that came with a repository takes no wall away.
 */
export async function isolationFor(
  { sandbox, operator }: { sandbox: Sandbox; operator: Operator },
  { project, config }: { project: { name: string; path: string; gitDir: string }; config: ProjectConfig },
): Promise<Isolation> {
  const agree = `start the server with SENTRA_ALLOW_UNCONFINED=${project.name} (a list of projects, by name or path, or all)`;
  if (config.isolation === 'none') {
    if (mayBeUnconfined(operator, project)) return 'none';
    throw new SentraError(
      'isolation_unavailable',
      `sentra.json of ${project.name} asks for "isolation": "none": agents and tests with your own rights, which see your keys and files. If you accept that, ${agree}; else take it out of sentra.json.`,
    );
  }
  const missing = await sandbox.unavailable();
  if (!missing) return config.isolation === 'private' ? privateFor(project) : 'shared';
  throw new SentraError(
    'isolation_unavailable',
    `Agents cannot be confined on this host: ${missing} If you accept agents and tests with your own rights, set "isolation": "none" in sentra.json and ${agree}.`,
  );
}

async function privateFor(project: { path: string; gitDir: string }): Promise<Isolation> {
  if (!(await isPartial(project))) return 'private';
  throw new SentraError(
    'isolation_unavailable',
    `${project.path} is a partial clone, of which a room with a git directory of its own could not read all ("isolation": "private"). Run "git fetch --refetch --no-filter" there and take "remote.<name>.promisor" and "extensions.partialClone" out of its configuration, or set "isolation": "shared" in sentra.json.`,
  );
}

/** Whoever wrote the repository may have put anything there: a device without an end would keep everybody waiting. */
function readConfigText(repositoryPath: string): string | undefined {
  const named = path.join(repositoryPath, 'sentra.json');
  try {
    const file = realpathSync(named);
    const facts = statSync(file);
    if (facts.isFile() && facts.size <= maxConfigBytes && file.startsWith(realpathSync(repositoryPath) + path.sep))
      return readFileSync(file, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SentraError('invalid_config', `${named} cannot be read: ${(e as Error).message}`);
  }
  throw new SentraError('invalid_config', `${named} is no plain file of the repository of at most 1 MB: make it one.`);
}

const maxConfigBytes = 1024 * 1024;
