import { slugify } from 'transliteration';
import { shortId } from '#src/domain/ids.ts';
import type { TaskType } from '#src/domain/task.ts';

/**
 * `<type>/<slug of title, at most 40 characters>-<first 8 of the id's unique part>`; a title without any usable letter
 * gives `<type>/task-<id8>`. Letters of other scripts are transliterated. Only `[a-z0-9-]` ever comes from a title.
 */
export function branchName(type: TaskType, title: string, taskId: string): string {
  const slug = slugify(title, { lowercase: true, separator: '-' })
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  return `${type}/${slug || 'task'}-${shortId(taskId)}`;
}

/**
 * `wanted` where no branch stands in its way, else the same without a folder (a branch `feature` leaves no room for `feature/x`), else
 * with a number. Case does not count, because on some disks `Feature/x` and `feature/x` are one file. A branch of that
 * very name on a remote is our own, pushed earlier.
 */
export function freeBranchName(
  wanted: string,
  { here, remote }: { here: readonly string[]; remote: readonly string[] },
): string {
  const flat = wanted.replaceAll('/', '-');
  const isFree = (name: string) =>
    !here.some((other) => other.toLowerCase() === name.toLowerCase() || excludes(other, name)) &&
    !remote.some((other) => excludes(other, name));
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `-${number}`;
    const found = [wanted, flat].map((name) => name + suffix).find(isFree);
    if (found) return found;
  }
}

/** The name that `branchName` and `freeBranchName` give to this task; one that a person chose is not. */
export const isBranchOf = (name: string, taskId: string): boolean =>
  new RegExp(`^[a-z]+[/-].+-${shortId(taskId)}(-[0-9]+)?$`).test(name);

/** One is a folder where the other is a file, or they go through folders that differ in case only. */
function excludes(one: string, other: string): boolean {
  const [a, b] = [one.split('/'), other.split('/')];
  for (const [at, part] of a.entries()) {
    const theirs = b[at];
    if (theirs === undefined || part.toLowerCase() !== theirs.toLowerCase()) return theirs === undefined;
    if (part !== theirs) return true;
  }
  return b.length > a.length;
}
