/** Finds the program of a command, and what of the host's disk must be readable for it to run in a room. */
import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** The program's path: as given when absolute, from `cwd` when it has a slash, else by `searchPath`. */
export function findProgram(program: string, searchPath: string, cwd: string): string | undefined {
  if (program.includes('/')) return [resolve(cwd, program)].find(isProgram);
  return searchPath
    .split(':')
    .map((folder) => join(folder, program))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The version of the npm package that a program belongs to, without starting it; undefined for any other program. */
export function findVersion(program: string): string | undefined {
  const [folder] = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(realpathSync(program)) ?? [];
  return folder && versionIn(folder);
}

export function versionIn(packageFolder: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined; // no package of npm's: nobody has asked it
  }
}

/** Where npm has put a program's package with all that it imports; empty for a program that npm did not install. */
export function packagesOf(program: string): string[] {
  const [, folder] = /^(.*?\/node_modules)\//.exec(realpathSync(program)) ?? [];
  return folder ? [folder] : [];
}

/**
 * The folders of every absolute path among a command's words, where they are and where they lead. A file that lies
 * directly in a home or in the repository is given alone: its folder holds everything else that is there.
 */
export function foldersOf(words: readonly string[], repositoryPath?: string): string[] {
  const paths = words.filter((word) => isAbsolute(word) && existsSync(word));
  return [
    ...new Set(paths.flatMap((path) => [path, realpathSync(path)]).map((path) => folderOrSelf(path, repositoryPath))),
  ];
}

function folderOrSelf(path: string, repositoryPath: string | undefined): string {
  const folder = dirname(path);
  const isPrivate =
    [homedir(), dirname(homedir()), repositoryPath].includes(folder) || /^\/(home\/[^/]+|home|root|tmp|)$/.test(folder);
  return isPrivate ? path : folder;
}
