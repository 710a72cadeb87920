import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseProjectConfig } from '#src/domain/project-config.ts';
import { writeStarterSet } from '#src/hooks/starter-set.ts';
import { makeFolder } from '../helpers/repository.ts';

const plain = { testCommand: 'npm test', dryRun: false, force: false };
const read = (root: string, file: string) => readFileSync(path.join(root, file), 'utf8');
const actions = async (root: string, change = {}) =>
  Object.fromEntries((await writeStarterSet({ root, ...plain, ...change })).files.map((f) => [f.path, f.action]));

test('init writes hooks, a command, settings and a valid sentra.json; a dry run writes nothing, a second run changes nothing', async () => {
  const root = makeFolder('init');
  expect(Object.values(await actions(root, { dryRun: true }))).toEqual(Array(9).fill('created'));
  expect(() => read(root, 'sentra.json')).toThrow(/ENOENT/);
  expect(Object.values(await actions(root))).toEqual(Array(9).fill('created'));
  expect(parseProjectConfig(read(root, 'sentra.json'))).toMatchObject({
    ok: true,
    config: { test: { command: 'npm test' } },
  });
  expect(Object.values(await actions(root))).toEqual(Array(9).fill('unchanged'));
});

test("a person's files stay: settings are merged, a changed hook is replaced only by force", async () => {
  const root = makeFolder('init');
  mkdirSync(path.join(root, '.claude/hooks'), { recursive: true });
  const own = {
    model: 'opus',
    hooks: { PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command: 'mine' }] }] },
  };
  writeFileSync(path.join(root, '.claude/settings.json'), JSON.stringify(own));
  writeFileSync(path.join(root, '.claude/hooks/logging.ts'), '// mine\n');
  writeFileSync(path.join(root, 'sentra.json'), '{}');
  expect(await actions(root)).toMatchObject({
    '.claude/settings.json': 'merged',
    '.claude/hooks/logging.ts': 'kept',
    'sentra.json': 'unchanged',
  });
  const merged = JSON.parse(read(root, '.claude/settings.json'));
  expect(merged.model).toBe('opus');
  expect(merged.hooks.PreToolUse.map((group: { hooks: { command: string }[] }) => group.hooks[0]?.command)).toEqual([
    'mine',
    expect.stringContaining('security.ts'),
  ]);
  expect(await actions(root)).toMatchObject({ '.claude/settings.json': 'unchanged' });
  expect(await actions(root, { force: true })).toMatchObject({ '.claude/hooks/logging.ts': 'replaced' });
  expect(read(root, '.claude/hooks/logging.ts')).not.toContain('mine');
});

test('settings that are no JSON stay as they are, and a link out of the repository is not followed', async () => {
  const root = makeFolder('init');
  mkdirSync(path.join(root, '.claude'));
  writeFileSync(path.join(root, '.claude/settings.json'), '{ // mine');
  expect(await actions(root)).toMatchObject({ '.claude/settings.json': 'kept' });
  expect(read(root, '.claude/settings.json')).toBe('{ // mine');
  const linked = makeFolder('init');
  symlinkSync(root, path.join(linked, '.claude'));
  await expect(actions(linked)).rejects.toThrow(/no folder of this repository/);
});

test('where a person runs Claude Code by hand the hooks do their checks and stay silent', async () => {
  const root = makeFolder('init');
  await writeStarterSet({ root, ...plain });
  // A project of old modules: the hooks are of their own kind.
  writeFileSync(path.join(root, 'package.json'), '{"type":"commonjs"}');
  const hook = (name: string, input: object | string, env = {}) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, `.claude/hooks/${name}.ts`)], {
      input: typeof input === 'string' ? input : JSON.stringify({ cwd: root, ...input }),
      env: { PATH: process.env.PATH ?? '', CLAUDE_PROJECT_DIR: root, ...env },
      encoding: 'utf8',
    });
    return { status, said: `${stdout}${stderr}` };
  };
  const use = (command: string) => ({
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_use_id: 'call-1',
    tool_input: { command },
  });
  const gone = { SENTRA_HOOK_SOCKET: path.join(root, 'gone.sock'), SENTRA_HOOK_TOKEN: 'x' };
  expect(hook('security', use('npm test'))).toEqual({ status: 0, said: '' });
  expect(hook('security', use('rm -rf /'))).toMatchObject({ status: 2, said: expect.stringContaining('far more') });
  expect(hook('security', use('rm -rf /'), gone)).toMatchObject({ status: 2 });
  expect(hook('security', 'no json')).toMatchObject({ status: 2, said: expect.stringContaining('did not run') });
  expect(hook('logging', use('npm test'))).toEqual({ status: 0, said: '' });
  expect(hook('coordination', { hook_event_name: 'SessionStart' })).toEqual({ status: 0, said: '' });
  // Sentra is there but does not answer: what only tells and asks goes on, and says so.
  expect(hook('logging', use('npm test'), gone)).toMatchObject({
    status: 0,
    said: expect.stringContaining('could not tell'),
  });
  expect(hook('coordination', { hook_event_name: 'PostToolUse' }, gone)).toMatchObject({
    status: 0,
    said: expect.stringContaining('could not ask'),
  });
});
