/** Repositories whose shape is odd: refs, objects, configuration, where they lie. Each works, or registering says why not. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { begin, commit, lines, live, type Odd, put } from './odd-life.ts';
import { feedGit, git, write } from './repository-fixture.ts';

const odd: Odd[] = [
  {
    name: '10,000 branches, packed',
    make(folder) {
      const repo = begin(folder);
      const head = git(repo, 'rev-parse', 'HEAD');
      put(
        join(repo, '.git/packed-refs'),
        `# pack-refs with: peeled fully-peeled sorted \n${lines(10_000, (i) => `${head} refs/heads/topic/${String(i).padStart(5, '0')}\n`)}`,
      );
      return repo;
    },
  },
  {
    name: 'packed refs only',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'pack-refs', '--all');
      git(repo, 'gc', '-q');
      return repo;
    },
    after: (repo) => expect(git(repo.path, 'show', '--stat', '-1', '--format=%s', 'main')).toContain('Merge'),
  },
  {
    name: 'a shallow clone',
    make(folder) {
      const origin = begin(folder, {}, 'origin');
      commit(origin);
      commit(origin);
      git(folder, 'clone', '-q', '--depth', '1', `file://${origin}`, 'repo');
      return join(folder, 'repo');
    },
  },
  {
    name: 'a partial clone',
    make(folder) {
      const origin = begin(folder, { 'b.txt': 'b\n' }, 'origin');
      git(origin, 'config', 'uploadpack.allowFilter', 'true');
      git(folder, 'clone', '-q', '--filter=blob:none', `file://${origin}`, 'repo');
      return join(folder, 'repo');
    },
  },
  { name: 'no remote', make: (folder) => begin(folder) },
  {
    name: 'a base that moved meanwhile',
    make: (folder) => begin(folder),
    person(repo) {
      write(repo.path, { 'person.txt': 'mine\n' });
      commit(repo.path, 'moved');
    },
    after: (repo) => expect(git(repo.path, 'show', 'main:person.txt')).toBe('mine'),
  },
  {
    name: 'a base that was rewritten meanwhile',
    make(folder) {
      const repo = begin(folder);
      commit(repo, 'to be rewritten');
      return repo;
    },
    person: (repo) => git(repo.path, 'commit', '-q', '--allow-empty', '--amend', '-m', 'another history'),
    after: (repo) =>
      expect(git(repo.path, 'log', '--format=%s', '--first-parent', 'main')).toBe('Merge\nanother history\nchange'),
  },
  {
    name: 'a base that shares no commit with the work any more',
    make: (folder) => begin(folder),
    person(repo) {
      git(repo.path, 'checkout', '-q', '--orphan', 'other');
      commit(repo.path, 'from nothing');
      git(repo.path, 'branch', '-q', '-M', 'main');
    },
    merge: { code: 'base_moved', message: /shares no commit.*Retry the task from PLAN/ },
  },
  {
    name: 'no commit at all',
    make(folder) {
      git(folder, 'init', '-q', '-b', 'main', 'empty');
      return join(folder, 'empty');
    },
    refused: { code: 'empty_repository', message: /has no commit yet/ },
  },
  {
    name: 'HEAD detached, with a branch to merge into',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'switch', '-q', '--detach');
      return repo;
    },
    after: (repo) => expect(git(repo.path, 'status', '--porcelain=v1', '-b')).toBe('## HEAD (no branch)'),
  },
  {
    name: 'HEAD detached and no branch',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'switch', '-q', '--detach');
      git(repo, 'branch', '-q', '-D', 'main');
      return repo;
    },
    refused: { code: 'empty_repository', message: /has no branch to merge into.*git switch -c main/ },
  },
  {
    name: 'a bare repository',
    make(folder) {
      git(folder, 'clone', '-q', '--bare', begin(folder), 'bare.git');
      return join(folder, 'bare.git');
    },
    refused: { code: 'bare_repository', message: /Clone it and add the clone/ },
  },
  {
    name: 'a worktree of a bare repository',
    make(folder) {
      git(folder, 'clone', '-q', '--bare', begin(folder), 'bare.git');
      git(join(folder, 'bare.git'), 'worktree', 'add', '-q', '../tree', 'main');
      return join(folder, 'tree');
    },
    refused: { code: 'bare_repository', message: /Clone it and add the clone/ },
  },
  {
    name: 'worktrees of a person beside ours, locked, moved and vanished',
    make(folder) {
      const repo = begin(folder);
      for (const name of ['one', 'two', 'gone']) git(repo, 'worktree', 'add', '-q', '-b', name, join(folder, name));
      git(repo, 'worktree', 'lock', join(folder, 'one'));
      renameSync(join(folder, 'two'), join(folder, 'moved'));
      rmSync(join(folder, 'gone'), { recursive: true });
      return repo;
    },
  },
  {
    name: 'registered by one of its linked worktrees: the main checkout is meant',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'worktree', 'add', '-q', '-b', 'side', join(folder, 'side'));
      return join(folder, 'side');
    },
    after: (repo) => expect(repo.path.endsWith('/repo')).toBe(true),
  },
  {
    name: 'a submodule as a project of its own',
    make(folder) {
      const library = begin(folder, {}, 'library');
      const repo = begin(folder);
      git(repo, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', library, 'lib');
      commit(repo);
      return join(repo, 'lib');
    },
  },
  {
    name: 'a git directory elsewhere (--separate-git-dir)',
    make: (folder) => begin(folder, {}, 'repo', ['--separate-git-dir', join(folder, 'elsewhere')]),
  },
  ...[
    ' leading and trailing ',
    'quo\'te"s',
    '-dash',
    'Ünïcode 世界 😀',
    '$(touch x);&|`id`',
    '%41*?[a]',
    'a:b',
    '#x',
    'back\\slash',
  ].map(
    (name): Odd => ({ name: `in a folder named ${JSON.stringify(name)}`, make: (folder) => begin(folder, {}, name) }),
  ),
  {
    name: 'in a folder with a line break in its name',
    make: (folder) => begin(folder, {}, 'line\nbreak'),
    refused: { code: 'not_a_repository', message: /line break/ },
  },
  {
    name: 'reftable, which not every git knows',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'config', 'core.repositoryFormatVersion', '1');
      git(repo, 'config', 'extensions.refStorage', 'reftable');
      return repo;
    },
    refused: { code: 'not_a_repository', message: /reftable|refstorage/ },
  },
  { name: 'SHA-256 objects', make: (folder) => begin(folder, {}, 'repo', ['--object-format=sha256']) },
  {
    name: 'objects borrowed from another repository',
    make(folder) {
      git(folder, 'clone', '-q', '--shared', begin(folder, {}, 'lender'), 'repo');
      return join(folder, 'repo');
    },
  },
  {
    name: 'a split index, an untracked cache, an fsmonitor and many files asked for in the configuration',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'config', 'core.splitIndex', 'true');
      git(repo, 'config', 'core.untrackedCache', 'true');
      git(repo, 'config', 'feature.manyFiles', 'true');
      git(repo, 'config', 'core.fsmonitor', 'false-monitor');
      git(repo, 'update-index', '--split-index', '--untracked-cache');
      return repo;
    },
    agent(tree) {
      git(tree, '-c', 'core.fsmonitor=false', 'update-index', '--split-index', '--untracked-cache');
      git(tree, '-c', 'core.fsmonitor=false', 'status');
      return [];
    },
  },
  {
    name: 'an index of version 4',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'config', 'index.version', '4');
      git(repo, 'update-index', '--index-version', '4');
      return repo;
    },
  },
  {
    name: 'hooks of every kind that refuse',
    make(folder) {
      const repo = begin(folder);
      for (const hook of ['pre-commit', 'commit-msg', 'post-checkout', 'pre-merge-commit', 'reference-transaction'])
        put(join(repo, '.git/hooks', hook), '#!/bin/sh\nexit 1\n');
      git(repo, 'config', 'core.hooksPath', '.git/hooks');
      return repo;
    },
  },
  {
    name: 'filters that would change every file',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'config', 'filter.shout.clean', 'tr a-z A-Z');
      git(repo, 'config', 'filter.shout.smudge', 'tr A-Z a-z');
      write(repo, { '.gitattributes': '*.loud filter=shout ident\n', 'b.loud': 'quiet $Id$\n' });
      commit(repo);
      return repo;
    },
    agent(tree) {
      expect(readFileSync(join(tree, 'b.loud'), 'utf8')).toMatch(/^QUIET/);
      return [];
    },
  },
  {
    name: 'replaced commits',
    make(folder) {
      const repo = begin(folder);
      commit(repo, 'second');
      const other = feedGit(repo, 'replaced', 'commit-tree', 'HEAD^{tree}');
      git(repo, 'replace', 'HEAD', other);
      return repo;
    },
  },
  {
    name: 'grafts',
    make(folder) {
      const repo = begin(folder);
      commit(repo, 'second');
      put(join(repo, '.git/info/grafts'), `${git(repo, 'rev-parse', 'HEAD')}\n`);
      return repo;
    },
  },
  {
    name: 'tags named like the branches',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'tag', 'main');
      git(repo, 'tag', 'feature/odd-0123abcd');
      git(repo, 'tag', 'HEAD');
      write(repo, { 'b.txt': 'after the tags\n' });
      commit(repo);
      return repo;
    },
  },
  {
    name: 'a checkout whose index is locked is told, and nothing moves',
    make: (folder) => begin(folder),
    person: (repo) => put(join(repo.path, '.git/index.lock'), ''),
    merge: { outcome: 'checkout_in_the_way' },
    after: (repo) => rmSync(join(repo.path, '.git/index.lock')),
  },
  {
    name: 'a base that is being rebased is told, and nothing moves',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'branch', 'onto');
      write(repo, { 'a.txt': 'of main\n' });
      commit(repo);
      git(repo, 'switch', '-q', 'onto');
      write(repo, { 'a.txt': 'of onto\n' });
      commit(repo);
      git(repo, 'switch', '-q', 'main');
      return repo;
    },
    person(repo) {
      expect(() => git(repo.path, 'rebase', 'onto')).toThrow();
    },
    merge: { outcome: 'checkout_in_the_way' },
    after(repo) {
      write(repo.path, { 'a.txt': 'settled\n' });
      git(repo.path, 'add', '-A');
      git(repo.path, '-c', 'core.editor=true', 'rebase', '--continue');
      expect(git(repo.path, 'status', '--porcelain=v1', '-b')).toBe('## main');
    },
  },
  {
    name: "another branch being rebased is in nobody's way",
    make(folder) {
      const repo = begin(folder);
      git(repo, 'switch', '-q', '-c', 'side');
      write(repo, { 'a.txt': 'of side\n' });
      commit(repo);
      git(repo, 'switch', '-q', 'main');
      write(repo, { 'a.txt': 'of main\n' });
      commit(repo);
      git(repo, 'switch', '-q', 'side');
      return repo;
    },
    person(repo) {
      expect(() => git(repo.path, 'rebase', 'main')).toThrow();
    },
    after: (repo) => git(repo.path, 'rebase', '--abort'),
  },
];

test.each(odd)('$name', live);
