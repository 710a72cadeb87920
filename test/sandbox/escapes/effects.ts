/** Attacks that say nothing of themselves: whether their victim shows them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../../helpers/alive.ts';

type Places = Record<'home' | 'state' | 'main' | 'other' | 'git' | 'object' | 'worktree', string> & {
  scratch: Record<'tmp' | 'varTmp' | 'shm' | 'run' | 'etc' | 'bin', string>;
};

const is = (file: string) => () => existsSync(file);
const says = (file: string, words: string) => () => existsSync(file) && readFileSync(file, 'utf8').includes(words);

export function effectsOf(
  { home, state, main, other, git, scratch, object, worktree }: Places,
  killed: number,
): Record<string, () => boolean> {
  return {
    'write into the main checkout': says(path.join(main, 'readme.txt'), 'attacked'),
    'write into another worktree': says(path.join(other, 'secret.txt'), 'attacked'),
    'write into the home': says(path.join(home, '.bashrc'), 'attacked'),
    'write over the token': is(path.join(state, 'token-copy')),
    'write by a symbolic link': is(path.join(home, 'linked')),
    'write by a linked folder': is(path.join(home, 'through-folder')),
    'write by a hard link': says(path.join(main, 'hard.txt'), 'attacked'),
    'write through its own root': is(path.join(home, 'by-root')),
    'write through the root of another process': is(path.join(home, 'by-victim')),
    'write into /etc': is(scratch.etc),
    'write into /usr/local/bin': is(scratch.bin),
    'write into /tmp of the host': is(`${scratch.tmp}-written`),
    'write into /var/tmp of the host': is(`${scratch.varTmp}-written`),
    'write into shared memory of the host': is(`${scratch.shm}-written`),
    'remove what others have in /run': () => !existsSync(scratch.run),
    'make the disk writable and write': is(`${scratch.etc}-remounted`),
    'make a device': () =>
      existsSync(path.join(worktree, 'device')) && statSync(path.join(worktree, 'device')).isCharacterDevice(),
    'set a value in the git configuration': says(path.join(git, 'config'), 'one = yes'),
    'append to the git configuration': says(path.join(git, 'config'), 'two = yes'),
    'plant a hook': is(path.join(git, 'hooks/pre-commit')),
    'move the base branch': is(path.join(git, 'refs/heads/attacked-base')),
    'make a branch': is(path.join(git, 'refs/heads/attacked')),
    'write a loose reference': is(path.join(git, 'refs/heads/attacked-file')),
    'delete objects': () => !existsSync(path.join(git, 'objects', object)),
    'set attributes for everybody': is(path.join(git, 'info/attributes')),
    'end another process by its number': () => !isAlive(killed),
  };
}
