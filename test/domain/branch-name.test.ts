/** Names of branches against what is there already; git is the judge of whether they are names at all. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { branchName, freeBranchName, isBranchOf } from '#src/domain/branch-name.ts';
import { newTaskId, shortId } from '#src/domain/ids.ts';
import { TaskType } from '#src/domain/task.ts';

const none = { here: [], remote: [] };
const title = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({ unit: 'grapheme-composite', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'/.-@{}~^:?*[\\ \0\n'), maxLength: 30 }),
  fc.constantFrom(
    'HEAD',
    'CON',
    'nul.lock',
    '.lock',
    '@',
    '-',
    '--',
    '..',
    'مرحبا',
    '修复登录',
    'ไทย',
    'Ελληνικά',
    '한국어',
  ),
);

test('git takes the names of 10,000 random titles, and no two are the same', () => {
  const repository = mkdtempSync(path.join(tmpdir(), 'sentra-names-'));
  const git = (input: string, ...args: string[]) =>
    execFileSync('git', args, { cwd: repository, input, encoding: 'utf8', stdio: 'pipe' }).trim();
  // Git judges each name where it reads it; the transaction that is given up spares writing 10,000 files.
  const judge = (names: readonly string[]) =>
    git(
      `start\n${names.map((name) => `create refs/heads/${name} ${head}\n`).join('')}abort\n`,
      'update-ref',
      '--stdin',
    );
  git('', 'init', '-q');
  const head = git('', '-c', 'user.name=A', '-c', 'user.email=a@x', 'commit-tree', '-m', 'x', git('', 'mktree'));
  const names = fc
    .sample(title, 10_000)
    .map((text, at) => branchName(TaskType.options[at % TaskType.options.length] ?? 'bug', text, newTaskId()));
  try {
    expect(judge(names)).toBe('start: ok\nabort: ok');
    expect(() => judge([...names.slice(0, 9), 'feature/a..b'])).toThrow(/invalid ref format/);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names.slice(0, 50)) expect(git('', 'check-ref-format', '--branch', name)).toBe(name);
  } finally {
    rmSync(repository, { recursive: true, force: true });
  }
});

test.each([
  ['nothing is there', [], [], 'feature/x-12345678'],
  ['others are beside it', ['main', 'feature/y', 'feature/x-1234567', 'fea'], ['main'], 'feature/x-12345678'],
  ['a branch has the name of its folder', ['feature'], [], 'feature-x-12345678'],
  ['a branch has it in other letters', ['Feature'], [], 'feature-x-12345678'],
  ['a remote has a branch of that name', [], ['feature'], 'feature-x-12345678'],
  ['there is a folder in other letters', ['FEATURE/y'], [], 'feature-x-12345678'],
  ['a folder has its name', ['feature/x-12345678/more'], [], 'feature-x-12345678'],
  ['the name is taken', ['feature/x-12345678'], [], 'feature-x-12345678'],
  ['it is taken in other letters', ['feature/X-12345678'], [], 'feature-x-12345678'],
  ['both are taken', ['feature/x-12345678', 'feature-x-12345678'], [], 'feature/x-12345678-2'],
  ['all is in the way', ['feature', 'feature-x-12345678'], [], 'feature-x-12345678-2'],
  ['it was pushed earlier', [], ['feature/x-12345678'], 'feature/x-12345678'],
])('where %s', (_, here, remote, expected) => {
  expect(freeBranchName('feature/x-12345678', { here, remote })).toBe(expected);
});

test('no set of branches has room for less than one more, on any disk', () => {
  const part = fc.constantFrom('feature', 'Feature', 'x', 'X', 'bug', 'x-12345678');
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.array(name, { maxLength: 12 }), (here) => {
      const found = freeBranchName('feature/x-12345678', { here, remote: [] }).toLowerCase();
      for (const other of here.map((one) => one.toLowerCase()))
        expect(other === found || other.startsWith(`${found}/`) || found.startsWith(`${other}/`)).toBe(false);
    }),
  );
});

test('a task knows its own names and no others', () => {
  const id = newTaskId();
  const own = branchName('feature', 'A title', id);
  const flat = freeBranchName(own, { here: ['feature'], remote: [] });
  const third = freeBranchName(own, { here: [own, flat, `${own}-2`], remote: [] });
  for (const name of [own, flat, third, freeBranchName(own, none)]) expect(isBranchOf(name, id)).toBe(true);
  for (const name of [`feature/a-${shortId(id)}-more`, `mine-${shortId(id)}`, `feature/${shortId(id)}`, 'main'])
    expect(isBranchOf(name, id)).toBe(false);
});
