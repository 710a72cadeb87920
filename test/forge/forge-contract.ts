/** What every forge must do, whichever it is; run against `local` with a plain remote, and against `github`. */
import { expect, test } from 'vitest';
import type { Forge, Landing } from '#src/forge/forge.ts';
import { git } from '../helpers/repository.ts';

export type ForgeCase = {
  forge: Forge;
  /** A checkout of `main`, at the commit that the remote has. */
  path: string;
  remote: string;
  /** After a push past the server. */
  onPush?: () => void;
};

const branch = 'feature/thing-12345678';

/** A commit on a branch of its own, pushed, and what main would become with it. */
export function prepareLanding(
  { path, remote, onPush }: ForgeCase,
  name = branch,
  file = `${name.replaceAll('/', '-')}.txt`,
): Landing {
  git(path, 'switch', '-q', '-c', name, 'main');
  git(path, 'commit', '-q', '--allow-empty', '-m', `Add ${file}`);
  const headCommit = git(path, 'rev-parse', 'HEAD');
  git(path, 'push', '-q', remote, name);
  onPush?.();
  const from = git(path, 'rev-parse', 'main');
  const to = git(path, 'commit-tree', `${headCommit}^{tree}`, '-p', from, '-p', headCommit, '-m', `merge: ${name}`);
  git(path, 'switch', '-q', 'main');
  const tree = git(path, 'rev-parse', `${to}^{tree}`);
  const pulls = [{ number: null, headCommit, message: `merge: ${name}` }];
  return { baseBranch: 'main', from, to, tree, what: 'merge', style: 'merge', pulls };
}

export const wanted = (headBranch = branch) => ({
  title: 'A thing',
  text: 'What it is.',
  headBranch,
  baseBranch: 'main',
});

export function testForge(kind: string, make: () => Promise<ForgeCase>): void {
  const onRemote = ({ remote }: ForgeCase, name: string) =>
    git(remote, 'for-each-ref', '--format=%(objectname)', `refs/heads/${name}`);

  test(`${kind}: asked twice for a pull request of one branch, it has one`, async () => {
    const one = await make();
    prepareLanding(one);
    const first = await one.forge.open(wanted());
    expect((await one.forge.open(wanted()))?.number).toBe(first?.number);
  });

  test(`${kind}: what was tested lands on both sides, and landing it again changes nothing`, async () => {
    const one = await make();
    const landing = prepareLanding(one);
    for (const _ of ['once', 'again']) {
      expect(await one.forge.land(landing)).toMatchObject({ outcome: 'landed', commit: landing.to });
      expect(await one.forge.publish(landing)).toBeNull();
    }
    expect(git(one.path, 'rev-parse', 'main')).toBe(landing.to);
    expect(onRemote(one, 'main')).toBe(landing.to);
    expect(git(one.path, 'status', '--porcelain')).toBe('');
    expect(await one.forge.tip('main')).toBe(landing.to);
  });

  test(`${kind}: a base that moved since the test is left alone`, async () => {
    const one = await make();
    const landing = prepareLanding(one);
    git(one.path, 'commit', '-q', '--allow-empty', '-m', 'Meanwhile');
    git(one.path, 'push', '-q', one.remote, 'main');
    const before = git(one.path, 'rev-parse', 'main');
    expect(await one.forge.land(landing)).toEqual({ outcome: 'base_moved' });
    expect([git(one.path, 'rev-parse', 'main'), onRemote(one, 'main')]).toEqual([before, before]);
  });

  test(`${kind}: a branch is taken off the remote while it is what was merged, and not when somebody added to it`, async () => {
    const one = await make();
    const { pulls } = prepareLanding(one);
    const other = prepareLanding(one, 'feature/other-12345678').pulls;
    await one.forge.deleteBranch(branch, git(one.path, 'rev-parse', 'main'));
    expect(onRemote(one, branch)).toBe(pulls[0]?.headCommit);
    for (const _ of ['once', 'again']) await one.forge.deleteBranch(branch, pulls[0]?.headCommit ?? '');
    expect(onRemote(one, branch)).toBe('');
    expect(onRemote(one, 'feature/other-12345678')).toBe(other[0]?.headCommit);
  });

  test(`${kind}: what is closed stays closed when it is closed again`, async () => {
    const one = await make();
    prepareLanding(one);
    const number = (await one.forge.open(wanted()))?.number ?? 1;
    for (const _ of ['once', 'again']) await one.forge.close(number, 'Nobody wants it.');
    expect((await one.forge.read(number, 'main'))?.state ?? 'closed').toBe('closed');
  });
}
