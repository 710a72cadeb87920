import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ProjectConfig, parseProjectConfig } from '#src/domain/project-config.ts';
import type { Isolation } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
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
  if (parsed.config.isolation === 'private')
    throw new SentraError('invalid_config', `${file}: isolation "private" is not available; use "shared" or "none".`);
  return parsed.config;
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

/** How a project's processes are confined. Throws when they cannot be and nobody has said that this is all right. */
export async function isolationFor(sandbox: Sandbox, config: ProjectConfig): Promise<Isolation> {
  if (config.isolation === 'none') return 'none';
  const missing = await sandbox.unavailable();
  if (!missing) return 'shared';
  throw new SentraError(
    'isolation_unavailable',
    `Agents cannot be confined on this host: ${missing} If you accept agents and tests with your own rights, set "isolation": "none" in sentra.json.`,
  );
}

function readConfigText(repositoryPath: string): string | undefined {
  try {
    return readFileSync(path.join(repositoryPath, 'sentra.json'), 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SentraError('invalid_config', `${repositoryPath}/sentra.json cannot be read: ${(e as Error).message}`);
  }
}
