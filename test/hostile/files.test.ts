/** Files that Sentra itself reads and writes in a worktree or a checkout, where an agent or a stranger has put something else. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { readPlain, writePlain } from '#src/environment/plain-path.ts';
import { capturePrepared, takePrepared } from '#src/environment/prepared.ts';
import { preparedKey } from '#src/environment/prepared-key.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import { planPath, writePlan } from '#src/workflows/plan-file.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { makeFolder } from '../helpers/repository.ts';

const taskId = 'task-0123456789ab';
let tree: string;
let outside: string;
beforeEach(() => {
  tree = realpathSync(makeFolder('tree'));
  outside = realpathSync(makeFolder('outside'));
});

const pipe = (...names: string[]) => {
  mkdirSync(path.dirname(path.join(tree, ...names)), { recursive: true });
  execFileSync('mkfifo', [path.join(tree, ...names)]);
};
const link = (to: string, ...names: string[]) => {
  mkdirSync(path.dirname(path.join(tree, ...names)), { recursive: true });
  symlinkSync(to, path.join(tree, ...names));
};

describe('a plan', () => {
  test.each([['.sentra'], ['.sentra/plans']])('does not leave the worktree through a link at %s', async (place) => {
    link(outside, place);
    await expect(writePlan(tree, taskId, 'evil')).rejects.toMatchObject({ code: 'worktree_failed' });
    expect(existsSync(path.join(outside, 'plans'))).toBe(false);
    expect(existsSync(path.join(outside, `${taskId}.md`))).toBe(false);
  });

  test('replaces a link in its place instead of writing where it leads', async () => {
    const secret = path.join(outside, '.bashrc');
    writeFileSync(secret, 'mine');
    link(secret, planPath(taskId));
    await writePlan(tree, taskId, 'the plan');
    expect(readFileSync(secret, 'utf8')).toBe('mine');
    expect(readFileSync(path.join(tree, planPath(taskId)), 'utf8')).toBe('the plan\n');
  });

  test('does not wait for the reader of a pipe', async () => {
    pipe(planPath(taskId));
    await writePlan(tree, taskId, 'the plan');
    expect(readFileSync(path.join(tree, planPath(taskId)), 'utf8')).toBe('the plan\n');
  });
});

describe('sentra.json', () => {
  const project = () => {
    mkdirSync(path.join(tree, '.git'));
    writeFileSync(path.join(tree, '.git/HEAD'), '');
    return { path: tree, gitDir: path.join(tree, '.git') };
  };

  test.each([
    ['an endless device', () => link('/dev/zero', 'sentra.json')],
    ['a pipe', () => pipe('sentra.json')],
    ['a file outside', () => link('/etc/passwd', 'sentra.json')],
  ])('that is %s is refused at once', (_, plant) => {
    plant();
    expect(() => readProjectConfig(project())).toThrow(/sentra\.json.*plain file/s);
  });

  test.each(['.sentra', '.sentra/worktrees'])(
    'of a repository whose %s is a link is refused, so that no worktree is made where it leads',
    (place) => {
      link(outside, place);
      expect(() => readProjectConfig(project())).toThrow(new RegExp(`${place} is a link.*worktreesDir`));
    },
  );

  test('may be a link to another file of the repository', () => {
    mkdirSync(path.join(tree, 'config'));
    writeFileSync(path.join(tree, 'config/sentra.json'), '{"baseBranch":"dev"}');
    link('config/sentra.json', 'sentra.json');
    expect(readProjectConfig(project()).baseBranch).toBe('dev');
  });
});

describe('a plain file', () => {
  test('is read only where it is one, inside, and no larger than asked for', async () => {
    writeFileSync(path.join(tree, 'small'), 'words');
    writeFileSync(path.join(outside, 'secret'), 'secret');
    link(path.join(outside, 'secret'), 'out');
    link(outside, 'folder');
    link('/dev/zero', 'endless');
    link('small', 'near');
    pipe('pipe');
    const read = async (name: string, most = 100) => (await readPlain(tree, name, most))?.toString();
    expect(await read('small')).toBe('words');
    expect(await read('near')).toBe('words');
    expect(await read('small', 4)).toBeUndefined();
    for (const name of ['out', 'folder/secret', 'endless', 'pipe', '.', '../outside', 'none'])
      expect([name, await read(name)]).toEqual([name, undefined]);
  });

  test('is written in place of a link, and in no folder that is one', async () => {
    writeFileSync(path.join(outside, 'kept'), 'kept');
    link(path.join(outside, 'kept'), 'deep/file');
    link(outside, 'folder');
    expect(await writePlain(tree, 'deep/file', 'new')).toBe(true);
    expect(await writePlain(tree, 'folder/file', 'new')).toBe(false);
    expect(readFileSync(path.join(outside, 'kept'), 'utf8')).toBe('kept');
    expect(existsSync(path.join(outside, 'file'))).toBe(false);
  });
});

describe('dependencies that are handed on', () => {
  const yarn = { manager: 'yarn', command: ['yarn'], locked: true, shares: 'trees', reason: '' } as const;
  const install = { how: { ...yarn, command: ['yarn'] }, homeBefore: new Set<string>() };
  const placeAt = (worktreePath: string): PreparedPlace => ({
    worktreePath,
    folder: path.join(outside, 'prepared'),
    homePath: path.join(outside, 'home'),
    searchPath: process.env.PATH ?? '',
  });
  const plantTree = (folder: string, modules: string) => {
    mkdirSync(path.join(folder, modules, 'tiny'), { recursive: true });
    writeFileSync(path.join(folder, modules, 'tiny/index.js'), 'evil');
    writeFileSync(path.join(folder, 'package.json'), '{}');
    mkdirSync(path.join(outside, 'home'), { recursive: true });
  };

  test('bring nothing out of the room that a file beside them leads to', async () => {
    plantTree(tree, 'node_modules');
    writeFileSync(path.join(outside, 'id_rsa'), 'a private key');
    link(path.join(outside, 'id_rsa'), '.yarn/install-state.gz');
    await capturePrepared(placeAt(tree), 'key', install);
    const next = makeFolder('next');
    expect(await takePrepared(placeAt(next), 'key')).toBe('taken');
    expect(readFileSync(path.join(next, 'node_modules/tiny/index.js'), 'utf8')).toBe('evil');
    expect(existsSync(path.join(next, '.yarn/install-state.gz'))).toBe(false);
  });

  test('are not written through links of the next worktree', async () => {
    plantTree(tree, 'x/node_modules');
    mkdirSync(path.join(tree, '.yarn'));
    writeFileSync(path.join(tree, '.yarn/install-state.gz'), 'evil');
    await capturePrepared(placeAt(tree), 'key', install);
    writeFileSync(path.join(outside, '.bashrc'), 'mine');
    const aside = path.join(outside, 'aside');
    mkdirSync(aside);
    for (const [name, to] of [
      ['.yarn/install-state.gz', path.join(outside, '.bashrc')],
      ['x', aside],
    ] as const) {
      const next = makeFolder('next');
      mkdirSync(path.dirname(path.join(next, name)), { recursive: true });
      symlinkSync(to, path.join(next, name));
      await takePrepared(placeAt(next), 'key').catch(() => {});
    }
    expect(readFileSync(path.join(outside, '.bashrc'), 'utf8')).toBe('mine');
    expect(existsSync(path.join(aside, 'node_modules'))).toBe(false);
  });

  test('are named without reading an endless file', async () => {
    plantTree(tree, 'node_modules');
    link('/dev/zero', '.npmrc');
    pipe('.yarnrc.yml');
    writeFileSync(path.join(tree, 'yarn.lock'), '');
    const npm = { ...yarn, command: ['git'] };
    expect(await preparedKey(placeAt(tree), npm)).toMatch(/^[0-9a-f]{64}$/);
  });
});
