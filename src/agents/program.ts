/** Finds the program of a command, and what of the host's disk must be readable for it to run in a room. */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
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
