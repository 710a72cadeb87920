/** Repositories whose files are odd: each goes through the life of a task, and what the agent did is all that is committed. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { begin, commit, lines, live, type Odd, put } from './odd-life.ts';
import { feedGit, git } from './repository-fixture.ts';

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`;
const deep = Array.from({ length: 120 }, (_, i) => `folder-${i}`).join('/');

const odd: Odd[] = [
  {
    name: 'submodules stay at their commit, whatever lies in their folder',
    make(folder) {
      const library = begin(folder, {}, 'library');
      const repo = begin(folder);
      git(repo, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', library, 'lib');
      commit(repo);
      return repo;
    },
    agent(tree) {
      put(join(tree, 'lib', 'stray.txt'), 'x');
      return [];
    },
    after: (repo) => expect(git(repo.path, 'ls-tree', 'main', 'lib')).toMatch(/^160000 commit/),
  },
  {
    name: 'a gitlink without .gitmodules stays',
    make(folder) {
      const repo = begin(folder);
      git(repo, 'update-index', '--add', '--cacheinfo', `160000,${'1234'.repeat(10)},vendor/thing`);
      git(repo, 'commit', '-q', '-m', 'link');
      mkdirSync(join(repo, 'vendor/thing'), { recursive: true });
      return repo;
    },
    after: (repo) => expect(git(repo.path, 'ls-tree', 'main', 'vendor/thing')).toMatch(/^160000 commit 1234/),
  },
  {
    name: 'pointers of LFS stay pointers when nobody touches them',
    make: (folder) =>
      begin(folder, { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n', 'x.bin': pointer }),
    after: (repo) => expect(git(repo.path, 'show', 'main:x.bin')).toBe(pointer.trim()),
  },
  {
    name: 'a sparse checkout gets no files that it left out, and loses none from the branch',
    make(folder) {
      const repo = begin(folder, { 'in/a.txt': 'a\n', 'out/b.txt': 'b\n' });
      git(repo, 'sparse-checkout', 'set', '--cone', 'in');
      return repo;
    },
    agent(tree) {
      put(join(tree, 'out', 'outside.txt'), 'x');
      return ['out/outside.txt'];
    },
    after(repo) {
      expect(git(repo.path, 'show', 'main:out/b.txt')).toBe('b');
      expect(existsSync(join(repo.path, 'out/b.txt'))).toBe(false);
    },
  },
  {
    name: 'a sparse checkout of the old kind',
    make(folder) {
      const repo = begin(folder, { 'in/a.txt': 'a\n', 'out/b.txt': 'b\n' });
      git(repo, 'config', 'core.sparseCheckout', 'true');
      put(join(repo, '.git/info/sparse-checkout'), '/a.txt\n/in/\n');
      git(repo, 'read-tree', '-mu', 'HEAD');
      return repo;
    },
    after: (repo) => expect(git(repo.path, 'show', 'main:out/b.txt')).toBe('b'),
  },
  {
    name: 'symbolic links: inside, outward, dangling, and a folder that becomes one',
    make(folder) {
      const repo = begin(folder, { 'real/a.txt': 'a\n', 'turned/b.txt': 'b\n' });
      symlinkSync('real', join(repo, 'inside'));
      symlinkSync('/etc/hostname', join(repo, 'outward'));
      symlinkSync('../../nowhere', join(repo, 'dangling'));
      commit(repo);
      return repo;
    },
    agent(tree) {
      rmSync(join(tree, 'turned'), { recursive: true });
      symlinkSync('/etc', join(tree, 'turned'));
      rmSync(join(tree, 'outward'));
      symlinkSync('/etc/passwd', join(tree, 'outward'));
      return ['outward', 'turned', 'turned/b.txt'];
    },
    after(repo) {
      expect(lstatSync(join(repo.path, 'turned')).isSymbolicLink()).toBe(true);
      expect(readlinkSync(join(repo.path, 'outward'))).toBe('/etc/passwd');
      expect(git(repo.path, 'show', 'main:outward')).toBe('/etc/passwd');
    },
  },
  {
    name: 'names that differ in case only',
    make: (folder) => begin(folder, { 'README.md': 'A\n', 'readme.md': 'b\n', 'Docs/a': 'a\n', 'docs/a': 'b\n' }),
    agent(tree) {
      put(join(tree, 'ReadMe.md'), 'c\n');
      return ['ReadMe.md'];
    },
  },
  {
    name: 'names that differ in case only, where git was told that case does not count',
    make(folder) {
      const repo = begin(folder, { 'README.md': 'A\n', 'src/a': 'a\n' });
      git(repo, 'config', 'core.ignoreCase', 'true');
      return repo;
    },
    agent(tree) {
      put(join(tree, 'src/a'), 'changed\n');
      return ['src/a'];
    },
  },
  {
    name: 'files named with spaces, quotes, newlines, leading dashes, pathspec magic and several scripts',
    make: (folder) =>
      begin(folder, {
        ' leading': '1',
        'trailing ': '2',
        '-rf': '3',
        ':(exclude)a': '4',
        'quo"te\'s': '5',
        'new\nline': '6',
        'tab\tand \\ back': '7',
        'файл/世界/😀.txt': '8',
        '*': '9',
        '!important': '10',
        '#hash': '11',
      }),
    agent(tree) {
      writeFileSync(join(tree, '-rf'), 'changed');
      writeFileSync(join(tree, 'new\nline'), 'changed');
      writeFileSync(join(tree, ':!magic'), 'new');
      rmSync(join(tree, '*'));
      return ['*', '-rf', ':!magic', 'new\nline'];
    },
  },
  {
    name: 'names that are not UTF-8 are kept as they are',
    make(folder) {
      const repo = begin(folder);
      writeFileSync(Buffer.concat([Buffer.from(`${repo}/latin-`), Buffer.from([0xe9])]), 'é\n');
      commit(repo);
      return repo;
    },
    after: (repo) => expect(git(repo.path, '-c', 'core.quotePath=true', 'ls-files')).toContain('latin-\\351'),
  },
  {
    name: 'read-only files and folders',
    make(folder) {
      const repo = begin(folder, { 'locked/a.txt': 'a\n', 'b.txt': 'b\n' });
      chmodSync(join(repo, 'b.txt'), 0o444);
      return repo;
    },
    agent(tree) {
      chmodSync(join(tree, 'b.txt'), 0o444);
      put(join(tree, 'locked/new.txt'), 'n');
      chmodSync(join(tree, 'locked'), 0o555);
      return ['locked/new.txt'];
    },
  },
  {
    name: 'a new file of 100 MB',
    make: (folder) => begin(folder),
    agent(tree) {
      put(join(tree, 'huge.bin'), '\0');
      truncateSync(join(tree, 'huge.bin'), 100 * 1024 * 1024);
      return ['huge.bin'];
    },
  },
  {
    name: 'line ends: CRLF by attribute',
    make: (folder) => begin(folder, { '.gitattributes': '* text=auto eol=crlf\n', 'b.txt': '1\r\n2\r\n' }),
    agent(tree) {
      expect(readFileSync(join(tree, 'b.txt'), 'utf8')).toBe('1\r\n2\r\n');
      writeFileSync(join(tree, 'b.txt'), '1\r\n3\r\n');
      return ['b.txt'];
    },
    after: (repo) => expect(git(repo.path, 'cat-file', '-s', 'main:b.txt')).toBe('4'),
  },
  {
    name: 'line ends: CRLF in the blobs, and attributes that say otherwise',
    make(folder) {
      const repo = begin(folder, { 'b.txt': '1\r\n2\r\n', 'c.txt': '1\r\n' });
      put(join(repo, '.gitattributes'), '* text=auto\n');
      git(repo, 'add', '.gitattributes');
      git(repo, 'commit', '-q', '-m', 'not renormalised');
      return repo;
    },
  },
  {
    name: 'line ends: core.autocrlf',
    make(folder) {
      const repo = begin(folder, { 'b.txt': '1\n2\n' });
      git(repo, 'config', 'core.autocrlf', 'true');
      return repo;
    },
    agent(tree) {
      writeFileSync(join(tree, 'b.txt'), '1\r\n3\r\n');
      return ['b.txt'];
    },
    after: (repo) => expect(git(repo.path, 'cat-file', '-s', 'main:b.txt')).toBe('4'),
  },
  {
    name: 'a working tree encoding',
    make: (folder) =>
      begin(folder, { '.gitattributes': '*.u16 working-tree-encoding=UTF-16LE\n', 'x.u16': 'h\0i\0\n\0' }),
    agent(tree) {
      expect(readFileSync(join(tree, 'x.u16'), 'latin1')).toBe('h\0i\0\n\0');
      return [];
    },
  },
  {
    name: 'a changed mode, and a file that may be executed',
    make: (folder) => begin(folder, { 'run.sh': '#!/bin/sh\n' }),
    agent(tree) {
      chmodSync(join(tree, 'run.sh'), 0o755);
      return ['run.sh'];
    },
    after: (repo) => expect(git(repo.path, 'ls-tree', 'main', 'run.sh')).toMatch(/^100755/),
  },
  {
    name: 'modes that are not to be trusted (core.fileMode=false)',
    make(folder) {
      const repo = begin(folder, { 'run.sh': '#!/bin/sh\n' });
      git(repo, 'config', 'core.fileMode', 'false');
      return repo;
    },
    agent(tree) {
      chmodSync(join(tree, 'run.sh'), 0o755);
      return [];
    },
    after: (repo) => expect(git(repo.path, 'ls-tree', 'main', 'run.sh')).toMatch(/^100644/),
  },
  {
    name: 'very deep paths',
    make: (folder) => begin(folder, { [`${deep}/a.txt`]: 'a\n' }),
    agent(tree) {
      writeFileSync(join(tree, deep, 'b.txt'), 'b');
      return [`${deep}/b.txt`];
    },
  },
  {
    name: 'repositories that the agent began inside: their files are taken, without and with a commit',
    make: (folder) => begin(folder, { 'apps/readme.md': 'r\n' }),
    agent(tree) {
      for (const name of ['fresh', 'apps/old one'])
        begin(tree, { 'src/x.ts': 'x\n', '.env.local': 'SECRET=1\n' }, name);
      git(join(tree, 'fresh'), 'update-ref', '-d', 'HEAD');
      put(join(tree, 'fresh/.gitignore'), 'dist\n');
      put(join(tree, 'fresh/dist/a.js'), 'a');
      const inside = ['fresh', 'apps/old one'].flatMap((name) => [`${name}/a.txt`, `${name}/src/x.ts`]);
      return [...inside, 'fresh/.gitignore'];
    },
  },
  {
    name: '10,000 files',
    make(folder) {
      const repo = begin(folder);
      const files = lines(10_000, (i) => `M 100644 inline f/${i % 200}/${i}\ndata 2\n${i % 10}\n`);
      const input = `commit refs/heads/main\ncommitter P <p@x> 1767225600 +0000\ndata 1\nx\nfrom refs/heads/main^0\n${files}`;
      feedGit(repo, input, 'fast-import', '--quiet', '--force');
      git(repo, 'switch', '-q', '--detach', 'main^');
      return repo;
    },
    agent(tree) {
      put(join(tree, 'f/1/1'), 'changed');
      return ['f/1/1'];
    },
  },
];

test.each(odd)('$name', live);
