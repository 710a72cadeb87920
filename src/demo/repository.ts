/**
 * Makes the demo's repository on the spot: the small project "harbor" with a short history and a bare remote beside it.
 * The files are those of the folder `harbor/`; nothing outside the given folder is read or changed.
 */
import { access, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SentraError } from '#src/errors.ts';
import { run } from '#src/process.ts';

export type DemoRepository = { path: string; remote: string };

const template = fileURLToPath(new URL('./harbor/', import.meta.url));

type Chapter = { message: string; files: readonly string[] };
const history: readonly Chapter[] = [
  {
    message: 'Moor ships at numbered berths',
    files: [
      'package.json',
      'package-lock.json',
      'gitignore',
      'README.md',
      'src/ships.mjs',
      'test/ships.test.mjs',
      'src/berths.mjs',
      'test/berths.test.mjs',
    ],
  },
  {
    message: 'Charge for a stay',
    files: ['src/tariff.mjs', 'test/tariff.test.mjs', 'src/money.mjs', 'test/money.test.mjs'],
  },
  { message: 'Know the tide', files: ['src/tide.mjs', 'test/tide.test.mjs', 'sentra.json'] },
];

/**
 * The repository in `folder`, made unless it is there already; `agent` is the default agent in its sentra.json.
 * `searchPath` is the PATH on which git is found.
 */
export async function makeDemoRepository(folder: string, agent: string, searchPath: string): Promise<DemoRepository> {
  const place = { path: path.join(folder, 'harbor'), remote: path.join(folder, 'harbor.git') };
  if (await exists(path.join(place.path, '.git'))) return place;
  const draft = path.join(folder, 'harbor.draft');
  await rm(draft, { recursive: true, force: true });
  await rm(place.remote, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const git = gitIn(draft, searchPath);
  await git('init', '--quiet', '--bare', '--initial-branch=main', place.remote);
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', 'user.name', 'Harbor Demo');
  await git('config', 'user.email', 'harbor@localhost');
  await git('remote', 'add', 'origin', place.remote);
  for (const chapter of history) await writeChapter(draft, chapter, agent, git);
  await git('push', '--quiet', 'origin', 'main');
  await rename(draft, place.path); // last, so that a demo that was interrupted is made anew
  return place;
}

async function writeChapter(folder: string, chapter: Chapter, agent: string, git: Git): Promise<void> {
  for (const file of chapter.files) {
    const target = path.join(folder, file === 'gitignore' ? '.gitignore' : file);
    await mkdir(path.dirname(target), { recursive: true });
    if (file === 'sentra.json') await writeFile(target, settings(agent));
    else await copyFile(path.join(template, file), target);
  }
  await git('add', '--all');
  await git('commit', '--quiet', '-m', chapter.message);
}

const settings = (agent: string) => `${JSON.stringify({ test: 'npm test', agents: { default: agent } }, null, 2)}\n`;

type Git = (...args: string[]) => Promise<void>;

/** Git without the user's and the host's configuration, so that the demo is the same everywhere. */
function gitIn(cwd: string, searchPath: string): Git {
  const env = {
    PATH: searchPath,
    HOME: cwd,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
  };
  return async (...args) => {
    const outcome = await run({ command: 'git', args, cwd, env });
    if (outcome.exitCode === 0) return;
    const why = outcome.stderr.toString().trim();
    throw new SentraError('git_failed', `The demo could not be made in ${cwd}: git ${args[0]} said: ${why}`);
  };
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
