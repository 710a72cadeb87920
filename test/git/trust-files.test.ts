import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCommitted, readOnDisk } from '#src/git/trust-files.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { commitAll, git, makeRepository, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';
const files = {
  'src/a.ts': 'code',
  'CLAUDE.md': 'Read @docs/style.md, and mail a@b.example.',
  'docs/style.md': 'Be brief.',
  'docs/other.md': 'Not named.',
  'packages/x/AGENTS.md': 'Here as well.',
  '.claude/settings.json': '{"hooks":{"Stop":[{"hooks":[{"command":"node $CLAUDE_PROJECT_DIR/scripts/stop.mjs"}]}]}}',
  '.claude/hooks/own.ts': 'run();',
  'scripts/stop.mjs': 'stop();',
  '.mcp.json': '{"mcpServers":{"x":{"command":"node","args":["./scripts/mcp.mjs"]}}}',
  'scripts/mcp.mjs': 'serve();',
};
const steering = [
  ['.claude/hooks/own.ts', 'settings'],
  ['.claude/settings.json', 'settings'],
  ['.mcp.json', 'mcp'],
  ['CLAUDE.md', 'instructions'],
  ['docs/style.md', 'reference'],
  ['packages/x/AGENTS.md', 'instructions'],
  ['scripts/mcp.mjs', 'reference'],
  ['scripts/stop.mjs', 'reference'],
];

async function checkOut(content: Record<string, string> = files) {
  const repo = makeRepository(content);
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  return { repo, path, adminDir, committed: await readCommitted(repo.gitDir, repo.base) };
}

test('all that agents load is found with what it names, and is the same in a commit and on disk', async () => {
  const { committed, ...place } = await checkOut();
  expect(committed.files.map(({ path, kind }) => [path, kind])).toEqual(steering);
  expect(await readOnDisk(place)).toEqual(committed);
});

test.each<[string, (tree: string) => void]>([
  ['a hook is changed', (tree) => write(tree, { '.claude/hooks/own.ts': 'evil();' })],
  ['what a hook runs is changed', (tree) => write(tree, { 'scripts/stop.mjs': 'evil();' })],
  ['what an instruction brings in is changed', (tree) => write(tree, { 'docs/style.md': 'Be evil.' })],
  ['a file becomes a program', (tree) => execFileSync('chmod', ['+x', join(tree, '.claude/hooks/own.ts')])],
  ['a server is taken away', (tree) => rmSync(join(tree, '.mcp.json'))],
  [
    'an ignored file is added',
    (tree) => write(tree, { '.gitignore': '*.local.json\n', '.claude/settings.local.json': '{}' }),
  ],
  ['instructions are added in a folder', (tree) => write(tree, { 'src/CLAUDE.md': 'Be evil.' })],
  [
    'a repository takes the place of the settings',
    (tree) => {
      rmSync(join(tree, '.claude'), { recursive: true });
      git(tree, 'init', '-q', '.claude');
    },
  ],
])('the content on disk is another when %s', async (_, change) => {
  const { committed, ...place } = await checkOut();
  change(place.path);
  expect((await readOnDisk(place)).hash).not.toBe(committed.hash);
});

test('code that nothing names may change', async () => {
  const { committed, ...place } = await checkOut();
  write(place.path, { 'src/a.ts': 'other code', 'docs/other.md': 'other words' });
  expect((await readOnDisk(place)).hash).toBe(committed.hash);
});

test.each<[string, RegExp, (tree: string) => void]>([
  ['a link out of the repository', /^\.claude is a link/, (tree) => symlinkSync('/etc', join(tree, '.claude'))],
  ['a link to a folder of it', /^\.claude is a link/, (tree) => symlinkSync('src', join(tree, '.claude'))],
  ['a pipe', /^CLAUDE\.md is no plain file/, (tree) => execFileSync('mkfifo', [join(tree, 'CLAUDE.md')])],
  ['too large', /^CLAUDE\.md has more than 512 KB/, (tree) => write(tree, { 'CLAUDE.md': 'x'.repeat(600_000) })],
  [
    'too many',
    /^there are more than 500/,
    (tree) => write(tree, Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`.claude/skills/${n}.md`, 'x']))),
  ],
])('what is %s can be trusted by nobody, and nobody waits for it', async (_, problem, plant) => {
  const { path, adminDir } = await checkOut({ 'src/a.ts': 'code' });
  plant(path);
  expect((await readOnDisk({ path, adminDir })).problems).toContainEqual(expect.stringMatching(problem));
});

test('a link to another file of the repository counts with that file', async () => {
  const repo = makeRepository({ 'AGENTS.md': 'x' });
  symlinkSync('AGENTS.md', join(repo.path, 'CLAUDE.md'));
  mkdirSync(join(repo.path, 'empty'));
  const { problems, files: found } = await readCommitted(repo.gitDir, commitAll(repo.path));
  expect(problems).toEqual([]);
  expect(found.map(({ path, mode }) => [path, mode])).toEqual([
    ['AGENTS.md', '100644'],
    ['CLAUDE.md', '120000'],
  ]);
});
