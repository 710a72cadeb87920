import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { installDependencies } from '#src/environment/dependencies.ts';
import { createRunner, harmlessEnvironment } from '#src/environment/runner.ts';
import { runSetup } from '#src/environment/setup.ts';
import { toolPlaces } from '#src/environment/toolchain.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { folderWith, plainRunner } from './folder.ts';

const timeoutMs = 60_000;

describe('a runner', () => {
  it('gives a command exactly the environment that is written down', async () => {
    process.env.SENTRA_CANARY = 'secret';
    const home = process.env.HOME;
    process.env.HOME = await folderWith(); // without version managers
    const worktreePath = await folderWith();
    const runner = await plainRunner(worktreePath);
    process.env.HOME = home;
    const outcome = await runner.run('env', { network: 'none', env: { BACKEND_PORT: '20001' }, timeoutMs });
    const env = parseEnv(outcome.stdout.toString());
    expect(
      Object.keys(env)
        .filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))
        .sort(),
    ).toEqual(['BACKEND_PORT', 'CI', 'HOME', 'LANG', 'PATH', 'TMPDIR']);
    expect(env.PATH?.split(':')[0]).toBe(path.dirname(process.execPath));
    expect(env.HOME).not.toBe(process.env.HOME);
  });

  it('runs a list as it is, without a shell', async () => {
    const runner = await plainRunner(await folderWith());
    const outcome = await runner.run(['printf', '%s', '$HOME; ls'], { network: 'none', timeoutMs });
    expect(outcome.stdout.toString()).toBe('$HOME; ls');
  });

  it('picks of the host what is harmless, and no address with a password', () => {
    const all = {
      PATH: '/bin',
      SSL_CERT_FILE: '/ca.pem',
      ANTHROPIC_API_KEY: 'k',
      PIP_INDEX_URL: 'http://u:p@h/',
      GOPROXY: 'http://h',
    };
    expect(harmlessEnvironment(all)).toEqual({ PATH: '/bin', SSL_CERT_FILE: '/ca.pem', GOPROXY: 'http://h' });
  });

  it('shows a room the package manager that lies in the home, and nothing else of it', async () => {
    const home = await folderWith({
      '.nvm/v24/lib/node_modules/npm/bin/npm-cli.js': '#!/usr/bin/env node',
      '.nvm/v24/bin/node': '',
      '.secret/bin/key': '',
    });
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(home, '.nvm/v24/bin/npm'));
    const PATH = ['/usr/bin', `${home}/.nvm/v24/bin`, `${home}/.secret/bin`].join(':');
    expect(toolPlaces({ PATH }, home)).toEqual([`${home}/.nvm/v24/bin`, `${home}/.nvm/v24/lib/node_modules/npm`]);
  });

  it.each([
    ['.pyenv', 'PYENV_ROOT', 'shims', 'versions/3.14/bin'],
    ['.asdf', 'ASDF_DATA_DIR', 'shims', 'installs/tool/1/bin'],
    ['.local/share/mise', 'MISE_DATA_DIR', 'shims', 'installs/tool/1/bin'],
    ['.volta', 'VOLTA_HOME', 'bin', 'tools/image/tool/1/bin'],
    ['.sdkman', 'SDKMAN_DIR', 'candidates/tool/current/bin', 'candidates/tool/1/bin'],
  ])(
    'lets a room run what %s installed in the home, and see nothing else of that',
    async (root, variable, shims, place) => {
      const home = await folderWith({
        [`${root}/${shims}/tool`]: `#!/bin/sh\nexec "$${variable}/${place}/real-tool"`,
        [`${root}/${place}/real-tool`]: '#!/bin/sh\necho it runs',
        [`${root}/credentials`]: 'secret',
      });
      const sandbox = createSandbox({ stateDir: await folderWith() });
      const own = process.env.HOME;
      process.env.HOME = home;
      try {
        const room = { worktreePath: await folderWith(), homePath: await folderWith() };
        const baseEnv = { PATH: `${home}/${root}/${shims}:/usr/bin:/bin` };
        const runner = createRunner({ sandbox, room, baseEnv });
        const ran = await runner.run('tool', { network: 'none', timeoutMs });
        expect(ran.stdout.toString(), ran.stderr.toString()).toBe('it runs\n');
        expect((await runner.run(`cat ${home}/${root}/credentials`, { network: 'none', timeoutMs })).exitCode).not.toBe(
          0,
        );
        const named = createRunner({
          sandbox,
          room,
          baseEnv: { ...baseEnv, SENTRA_TOOLS: `${home}/${root}/credentials` },
        });
        expect((await named.run(`cat ${home}/${root}/credentials`, { network: 'none', timeoutMs })).exitCode).toBe(0);
      } finally {
        process.env.HOME = own;
        await sandbox.close();
      }
    },
  );

  it('shows a room the whole distribution of a Go that lies in the home', async () => {
    const home = await folderWith({
      'sdk/go/bin/go': '',
      'sdk/go/pkg/tool/linux/compile': '',
      'sdk/go/src/fmt/fmt.go': '',
    });
    expect(toolPlaces({ PATH: `${home}/sdk/go/bin` }, home)).toEqual([`${home}/sdk/go/bin`, `${home}/sdk/go`]);
  });

  it('confines a command when there is a sandbox', async () => {
    const sandbox = createSandbox({ stateDir: await folderWith({ token: 'secret' }) });
    try {
      expect(await sandbox.unavailable()).toBeUndefined();
      const outside = await folderWith({ note: 'outside' });
      const worktreePath = await folderWith();
      const baseEnv = harmlessEnvironment(process.env);
      const runner = createRunner({ sandbox, room: { worktreePath, homePath: await folderWith() }, baseEnv });
      const inside = await runner.run('node -p process.version > out && cat out', { network: 'none', timeoutMs });
      expect(inside.stdout.toString().trim()).toBe(process.version);
      expect(existsSync(path.join(worktreePath, 'out'))).toBe(true);
      expect((await runner.run(['cat', path.join(outside, 'note')], { network: 'none', timeoutMs })).exitCode).not.toBe(
        0,
      );
      const plain = await plainRunner(worktreePath);
      expect((await plain.run(['cat', path.join(outside, 'note')], { network: 'none', timeoutMs })).exitCode).toBe(0);
    } finally {
      await sandbox.close();
    }
  });
});

describe('installing dependencies', () => {
  it('installs what the lockfile names, with a shared cache, and changes no file of the project', async () => {
    const worktreePath = await folderWith({
      'package.json': '{"name":"app","dependencies":{"tiny":"file:tiny"}}',
      'tiny/package.json': '{"name":"tiny","version":"1.0.0"}',
      'tiny/index.js': 'module.exports = 7;',
    });
    execFileSync('npm', ['install', '--package-lock-only', '--offline', '--no-audit'], {
      cwd: worktreePath,
      stdio: 'ignore',
    });
    const lock = await readFile(path.join(worktreePath, 'package-lock.json'), 'utf8');
    const lines: string[] = [];
    const cachePath = await folderWith();
    const done = await installDependencies({
      runner: await plainRunner(worktreePath),
      worktreePath,
      setting: 'auto',
      timeoutMs,
      cachePath,
      onOutput: (chunk) => lines.push(`${chunk}`),
    });
    expect(done).toMatchObject({ outcome: 'installed', command: expect.stringContaining('npm ci') });
    expect(existsSync(path.join(worktreePath, 'node_modules/tiny/index.js'))).toBe(true);
    expect(await readFile(path.join(worktreePath, 'package-lock.json'), 'utf8')).toBe(lock);
    expect(lines.join('\n')).toContain('added 1 package');
    expect(existsSync(path.join(cachePath, 'npm'))).toBe(true);
  });

  it.each([false, 'auto'] as const)(
    'with the setting %s in an empty project there is nothing to install',
    async (setting) => {
      const worktreePath = await folderWith();
      const request = { runner: await plainRunner(worktreePath), worktreePath, setting, timeoutMs };
      expect(await installDependencies(request)).toEqual({ outcome: 'nothing_to_install', durationMs: 0 });
    },
  );

  it('a failure keeps the last twenty lines and the exit code', async () => {
    const worktreePath = await folderWith();
    const setting = 'seq 1 30; echo broken >&2; exit 3';
    const done = await installDependencies({
      runner: await plainRunner(worktreePath),
      worktreePath,
      setting,
      timeoutMs,
    });
    expect(done).toMatchObject({ outcome: 'failed', exitCode: 3, command: setting });
    const tail = done.outcome === 'failed' ? done.tail.split('\n') : [];
    expect(tail).toHaveLength(20);
    expect(tail).toContain('broken');
    expect(tail).not.toContain('10');
  });

  it('a package manager that is missing is named, and so is the way out', async () => {
    const worktreePath = await folderWith({ 'package.json': '{"dependencies":{"a":"1"}}', 'pnpm-lock.yaml': '' });
    const room = { worktreePath, homePath: await folderWith() };
    const runner = createRunner({ sandbox: undefined, room, baseEnv: { PATH: '/nowhere' } });
    const done = await installDependencies({ runner, worktreePath, setting: 'auto', timeoutMs });
    expect(done).toMatchObject({
      outcome: 'failed',
      exitCode: null,
      tail: expect.stringMatching(/pnpm.*sentra\.json/s),
    });
  });

  it('an install that takes too long is ended and says so; a cancelled one throws', async () => {
    const worktreePath = await folderWith();
    const request = { runner: await plainRunner(worktreePath), worktreePath, setting: 'sleep 60' };
    const done = await installDependencies({ ...request, timeoutMs: 200 });
    expect(done).toMatchObject({ outcome: 'failed', tail: expect.stringContaining('ended after') });
    await expect(installDependencies({ ...request, timeoutMs, signal: AbortSignal.timeout(100) })).rejects.toThrow();
  });
});

describe('set-up', () => {
  const setupIn = async (
    files: Record<string, string>,
    setup: { migrate?: string; build?: string; script?: string },
  ) => {
    const worktreePath = await folderWith(files);
    const steps = await runSetup({
      runner: await plainRunner(worktreePath),
      worktreePath,
      setup,
      env: { TASK_ID: 't1' },
      timeoutMs: () => timeoutMs,
    });
    return { worktreePath, steps };
  };

  it('runs migrate, build and the default script in this order, with the task in the environment', async () => {
    const files = { 'scripts/setup-worktree.sh': '#!/bin/sh\necho "script $TASK_ID" >> log' };
    const { worktreePath, steps } = await setupIn(files, {
      migrate: 'echo migrate >> log',
      build: 'echo build >> log',
    });
    expect(steps.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['migrate', 'passed'],
      ['build', 'passed'],
      ['script', 'passed'],
    ]);
    expect(await readFile(path.join(worktreePath, 'log'), 'utf8')).toBe('migrate\nbuild\nscript t1\n');
  });

  it('stops at the first failure, which is data', async () => {
    const { steps } = await setupIn({}, { migrate: 'echo no table >&2; exit 4', build: 'true' });
    expect(steps).toMatchObject([{ name: 'migrate', outcome: 'failed', exitCode: 4, tail: 'no table' }]);
  });

  it('gives each step its own time limit and its own lines, and lets the caller leave one out', async () => {
    const lines: string[] = [];
    const steps = await runSetup({
      runner: await plainRunner(await folderWith()),
      worktreePath: await folderWith(),
      setup: { migrate: 'touch never', build: 'echo half; exec sleep 60' },
      timeoutMs: (name) => (name === 'build' ? 300 : timeoutMs),
      onOutput: (name, chunk) => lines.push(`${name}: ${chunk}`),
      around: async ({ name, command }, act) =>
        name === 'migrate' ? { outcome: 'passed', command, durationMs: 0 } : act(),
    });
    expect(steps).toMatchObject([
      { name: 'migrate', outcome: 'passed', command: 'touch never' },
      { name: 'build', outcome: 'failed', tail: expect.stringContaining('ended after') },
    ]);
    expect(lines).toEqual(['build: half\n']);
  });

  it('without commands and script there is nothing to do', async () => {
    expect((await setupIn({}, {})).steps).toEqual([]);
  });

  it('runs a script that is not executable by the shell', async () => {
    const { steps } = await setupIn({ 'set-up.sh': 'exit 0' }, { script: 'set-up.sh' });
    expect(steps).toMatchObject([{ name: 'script', outcome: 'passed', command: '/bin/sh ./set-up.sh' }]);
  });

  it('does not run a script through a link or outside the worktree', async () => {
    const outside = await folderWith({ 'evil.sh': '#!/bin/sh\ntouch ran' });
    await chmod(path.join(outside, 'evil.sh'), 0o755);
    const worktreePath = await folderWith();
    await symlink(path.join(outside, 'evil.sh'), path.join(worktreePath, 'link.sh'));
    const runner = await plainRunner(worktreePath);
    for (const script of ['link.sh', path.join(outside, 'evil.sh'), 'missing.sh']) {
      const steps = await runSetup({ runner, worktreePath, setup: { script }, timeoutMs: () => timeoutMs });
      expect(steps).toMatchObject([
        { name: 'script', outcome: 'failed', tail: expect.stringContaining('setup.script') },
      ]);
    }
    expect(existsSync(path.join(worktreePath, 'ran'))).toBe(false);
  });
});
