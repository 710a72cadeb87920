/** What a stranger's repository can hold so that git starts a program: each with the plain git that springs it. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { git } from '../git/repository-fixture.ts';

export type Trap = {
  name: string;
  /** Traps that would take each other out are laid in repositories of different sets; 0 unless said. */
  set?: number;
  /** `spring`: a shell command that leaves a mark of the trap outside. */
  plant(repository: string, spring: string): void;
  /** Plain git, or what a person types, that springs it. */
  control: readonly (readonly string[])[];
};

const config =
  (key: string, value: (spring: string) => string = (spring) => spring): Trap['plant'] =>
  (repository, spring) =>
    git(repository, 'config', key, value(spring));

export function writeProgram(file: string, spring: string, then = ''): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${spring}\n${then}\n`);
  chmodSync(file, 0o755);
}

const hook =
  (name: string): Trap['plant'] =>
  (repository, spring) =>
    writeProgram(path.join(repository, '.git/hooks', name), spring);

const attribute = (repository: string, line: string) => {
  mkdirSync(path.join(repository, '.git/info'), { recursive: true });
  appendFileSync(path.join(repository, '.git/info/attributes'), `${line}\n`);
};

/** For files of one ending, which the agent of the test writes. */
const driver =
  (ending: string, kind: 'filter' | 'diff' | 'merge', key: string, value = (spring: string) => `${spring}; cat`) =>
  (repository: string, spring: string) => {
    attribute(repository, `*.${ending} ${kind}=t${ending}`);
    git(repository, 'config', `${kind}.t${ending}.${key}`, value(spring));
  };

const commit = ['commit', '-q', '--allow-empty', '-m', 'x'];
const change = (file: string) => ['!', `echo changed >> ${file}`];
const included = (spring: string) => `[core]\n\tfsmonitor = "${spring}; false"\n`;

export const traps: readonly Trap[] = [
  { name: 'core.fsmonitor', plant: config('core.fsmonitor', (s) => `${s}; false`), control: [['status']] },
  { name: 'hook pre-commit', plant: hook('pre-commit'), control: [commit] },
  { name: 'hook prepare-commit-msg', plant: hook('prepare-commit-msg'), control: [commit] },
  { name: 'hook commit-msg', plant: hook('commit-msg'), control: [commit] },
  { name: 'hook post-commit', plant: hook('post-commit'), control: [commit] },
  { name: 'hook post-checkout', plant: hook('post-checkout'), control: [['worktree', 'add', '-q', '../beside']] },
  { name: 'hook reference-transaction', plant: hook('reference-transaction'), control: [['branch', 'z']] },
  { name: 'hook post-index-change', plant: hook('post-index-change'), control: [change('a.txt'), ['add', '-A']] },
  { name: 'hook pre-push', plant: hook('pre-push'), control: [['push', '-q', 'origin', 'HEAD:refs/heads/z']] },
  { name: 'hook post-merge', plant: hook('post-merge'), control: [['merge', '-q', '--no-ff', '-m', 'x', 'side']] },
  {
    name: 'hook pre-merge-commit',
    plant: hook('pre-merge-commit'),
    control: [['merge', '-q', '--no-ff', '-m', 'x', 'side']],
  },
  { name: 'hook post-rewrite', plant: hook('post-rewrite'), control: [['commit', '-q', '--amend', '-m', 'y']] },
  { name: 'hook pre-rebase', plant: hook('pre-rebase'), control: [['rebase', '-q', 'side']] },
  {
    name: 'core.hooksPath in the tree',
    set: 1,
    plant: (repository, spring) => {
      writeProgram(path.join(repository, '.git/own-hooks/post-checkout'), spring);
      git(repository, 'config', 'core.hooksPath', path.join(repository, '.git/own-hooks'));
    },
    control: [['switch', '-q', '-c', 'z']],
  },
  { name: 'diff.external', plant: config('diff.external'), control: [change('a.txt'), ['diff']] },
  { name: 'textconv', plant: driver('tc', 'diff', 'textconv'), control: [change('x.tc'), ['diff']] },
  { name: 'diff command', plant: driver('dc', 'diff', 'command'), control: [change('x.dc'), ['diff']] },
  { name: 'filter clean', plant: driver('clean', 'filter', 'clean'), control: [change('x.clean'), ['add', '-A']] },
  {
    name: 'filter smudge',
    plant: driver('smudge', 'filter', 'smudge'),
    control: [
      ['!', 'rm x.smudge'],
      ['checkout', '-q', '-f', 'HEAD', '--', 'x.smudge'],
    ],
  },
  { name: 'filter process', plant: driver('proc', 'filter', 'process'), control: [change('x.proc'), ['add', '-A']] },
  {
    name: 'merge driver',
    plant: driver('md', 'merge', 'driver', (spring) => `${spring}; false`),
    control: [change('x.md'), ['commit', '-qam', 'x'], ['merge', '-q', '-m', 'x', 'side']],
  },
  {
    name: 'gpg.program',
    plant: (repository, spring) => {
      writeProgram(path.join(repository, '.git/gpg'), spring, 'exit 1');
      git(repository, 'config', 'gpg.program', path.join(repository, '.git/gpg'));
      git(repository, 'config', 'commit.gpgSign', 'true');
    },
    control: [commit],
  },
  {
    name: 'gpg.ssh.program',
    set: 1,
    plant: (repository, spring) => {
      writeProgram(path.join(repository, '.git/sign'), spring, 'exit 1');
      git(repository, 'config', 'gpg.format', 'ssh');
      git(repository, 'config', 'gpg.ssh.program', path.join(repository, '.git/sign'));
      git(repository, 'config', 'user.signingKey', 'key::ssh-ed25519 AAAA');
      git(repository, 'config', 'commit.gpgSign', 'true');
    },
    control: [commit],
  },
  { name: 'core.editor', plant: config('core.editor'), control: [['commit', '-q', '--allow-empty']] },
  {
    name: 'trailer command',
    plant: config('trailer.Task-ID.command'),
    control: [[...commit, '--trailer', 'Task-ID: x']],
  },
  {
    name: 'remote receivepack',
    plant: config('remote.origin.receivepack', (s) => `${s}; git-receive-pack`),
    control: [['push', '-q', 'origin', 'HEAD:refs/heads/z']],
  },
  {
    name: 'remote uploadpack',
    plant: config('remote.origin.uploadpack', (s) => `${s}; git-upload-pack`),
    control: [['ls-remote', 'origin']],
  },
  {
    name: 'include.path',
    set: 1,
    plant: (repository, spring) => {
      writeFileSync(path.join(repository, '.git/more'), included(spring));
      git(repository, 'config', '--add', 'include.path', 'more');
    },
    control: [['status']],
  },
  {
    name: 'includeIf',
    set: 2,
    plant: (repository, spring) => {
      writeFileSync(path.join(repository, '.git/more-if'), included(spring));
      git(repository, 'config', '--add', 'includeIf.gitdir:**.path', 'more-if');
    },
    control: [['status']],
  },
  {
    name: 'config.worktree',
    set: 3,
    plant: (repository, spring) => {
      git(repository, 'config', 'extensions.worktreeConfig', 'true');
      writeFileSync(path.join(repository, '.git/config.worktree'), included(spring));
    },
    control: [['status']],
  },
  {
    name: 'core.alternateRefsCommand',
    plant: (repository, spring) => {
      const other = path.join(path.dirname(repository), 'alternate.git');
      git(repository, 'clone', '-q', '--bare', repository, other);
      writeFileSync(path.join(repository, '.git/objects/info/alternates'), `${other}/objects\n`);
      git(repository, 'config', 'core.alternateRefsCommand', `${spring}; true`);
    },
    control: [['fetch', '-q', 'origin', 'side']],
  },
  {
    name: 'submodule update command',
    plant: (repository, spring) => {
      const id = git(repository, 'rev-parse', 'HEAD');
      writeFileSync(path.join(repository, '.gitmodules'), '[submodule "sub"]\n\tpath = sub\n\turl = ../origin.git\n');
      git(repository, 'update-index', '--add', '--cacheinfo', `160000,${id},sub`);
      git(repository, 'config', 'submodule.sub.active', 'true');
      git(repository, 'config', 'submodule.sub.update', `!${spring}`);
      git(repository, 'config', 'submodule.sub.url', path.join(path.dirname(repository), 'origin.git'));
    },
    control: [['-c', 'protocol.file.allow=always', 'submodule', 'update']],
  },
  {
    name: 'bare repository in the tree',
    plant: (repository, spring) => {
      git(repository, 'init', '-q', '--bare', 'vendor/bare');
      for (const [key, value] of [
        ['core.bare', 'false'],
        ['core.worktree', '.'],
        ['core.fsmonitor', `${spring}; false`],
      ] as const)
        git(repository, 'config', '-f', 'vendor/bare/config', key, value);
      writeFileSync(path.join(repository, 'vendor/bare/refs/keep'), '');
    },
    control: [['-C', 'vendor/bare', 'status']],
  },
  {
    name: 'repository in the tree',
    plant: (repository, spring) => {
      git(repository, 'init', '-q', '-b', 'main', 'vendor/inner');
      const inner = path.join(repository, 'vendor/inner');
      writeFileSync(path.join(inner, 'x.txt'), 'x\n');
      git(inner, 'add', '-A');
      git(inner, 'commit', '-q', '-m', 'x');
      git(inner, 'config', 'core.fsmonitor', `${spring}; false`);
    },
    control: [
      ['add', '-A'],
      ['add', '-A'],
    ],
  },
];

/** Springs one trap as a person with plain git would. */
export function springPlainly(repository: string, { control }: Trap): void {
  for (const [first = '', ...rest] of control)
    try {
      if (first === '!') execFileSync('/bin/sh', ['-c', rest[0] ?? ''], { cwd: repository, stdio: 'pipe' });
      else git(repository, first, ...rest);
    } catch {} // some traps break the command that springs them
}
