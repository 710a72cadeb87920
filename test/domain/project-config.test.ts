import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseProjectConfig, projectConfigJsonSchema } from '#src/domain/project-config.ts';

const problems = (text: string) => {
  const parsed = parseProjectConfig(text);
  return parsed.ok ? [] : parsed.problems;
};

test('no file and an empty one give the same defaults', () => {
  const parsed = parseProjectConfig(undefined);
  expect(parsed).toEqual(parseProjectConfig('{}'));
  expect(parsed).toMatchObject({
    ok: true,
    config: { setup: { install: 'auto' }, limits: { codeTestAttempts: 3 }, merge: 'manual', isolation: 'shared' },
  });
});

test('a wrong key is refused with its path and the nearest valid name', () => {
  expect(problems('{"tset": "npm test"}')).toEqual(['tset: unknown key, did you mean "test"?']);
  expect(problems('{"limits": {"slotz": 3}}')).toEqual(['limits.slotz: unknown key, did you mean "slots"?']);
  expect(problems('{"setup": {"zzz": 1}}')[0]).toMatch(/^setup\.zzz: unknown key; valid are install, /);
});

test('a wrong value is refused with its path', () => {
  expect(problems('{"merge": "always"}')[0]).toMatch(/^merge: /);
  expect(problems('{"ports": ["frontend"]}')).toEqual(['ports.0: a port is named like FRONTEND_PORT']);
  expect(problems('{"agents": {"mine": {"kind": "command"}}}')[0]).toMatch(/^agents\.mine\.command: /);
});

test('an agent that is asked for what its kind cannot do is refused, with the kinds that can', () => {
  const agent = (fields: object) => problems(JSON.stringify({ agents: { mine: fields } }));
  expect(agent({ kind: 'command', command: ['x'], effort: 'high' })).toEqual([
    'agents.mine: an agent of kind "command" cannot be given "effort"; of the kinds claude, acp, codex it can',
  ]);
  expect(agent({ kind: 'acp', command: ['x'], maxTurns: 3 })).toEqual([
    'agents.mine: an agent of kind "acp" cannot be given "maxTurns"; of the kinds claude it can',
  ]);
  expect(agent({ kind: 'codex', modle: 'x' })).toEqual([
    'agents.mine: an agent of kind "codex" has no key "modle"; valid are kind, model, effort',
  ]);
  expect(agent({ kind: 'acp', command: ['x'], login: { files: ['~/../etc/shadow'] } })[0]).toMatch(
    /name a file of the home/,
  );
});

test('where several kinds of value are possible, all of them are told', () => {
  expect(problems('{"setup": {"install": true}}')).toEqual([
    'setup.install: expected "auto" or false or string, received boolean',
  ]);
  expect(problems('{"pool": {"install": "yes"}}')).toEqual([
    'pool.install: expected "auto" or boolean, received string',
  ]);
  for (const agent of [{ command: ['x'] }, { kind: 'shell', command: ['x'] }])
    expect(problems(JSON.stringify({ agents: { mine: agent } }))).toEqual([
      'agents.mine.kind: expected "claude" or "acp" or "codex" or "command"',
    ]);
});

test('port names that do not fit a block, or that programs need for something else, are refused', () => {
  const names = Array.from({ length: 9 }, (_, i) => `P${i}_PORT`);
  expect(problems(JSON.stringify({ ports: names.slice(1) }))).toEqual([]);
  expect(problems(JSON.stringify({ ports: ['FRONTEND_PORT', ...names.slice(1)] }))).toEqual([]);
  expect(problems(JSON.stringify({ ports: names }))).toEqual([
    'ports: a task has ten ports, and with FRONTEND_PORT and BACKEND_PORT these are 11',
  ]);
  for (const name of ['PATH', 'HOME', 'NODE_OPTIONS', 'LD_PRELOAD', 'DATABASE_URL', 'PEER_PORTS'])
    expect(problems(JSON.stringify({ ports: [name] }))).toEqual([
      `ports: ${name} means something else to programs; call it ${name}_PORT`,
    ]);
});

test('worktrees lie neither in the root of the repository nor in .git', () => {
  for (const worktreesDir of ['', '.', './', '.git', '.git/worktrees', '/srv/shop/.git/x'])
    expect(problems(JSON.stringify({ worktreesDir }))[0]).toMatch(/^worktreesDir: /);
  for (const worktreesDir of ['.sentra/worktrees', '../work', '/srv/work'])
    expect(problems(JSON.stringify({ worktreesDir }))).toEqual([]);
});

test('text that is not JSON is told as such', () => {
  expect(problems('{')[0]).toMatch(/^sentra\.json is not valid JSON: /);
});

test('the published JSON Schema is the one that Sentra reads with (else: npm run schema)', () => {
  const published = JSON.parse(readFileSync('docs/sentra.schema.json', 'utf8'));
  expect(published).toEqual({ title: 'sentra.json', ...projectConfigJsonSchema() });
});

test('a database for each task asks for a PostgreSQL server, and only a database can have a template', () => {
  const problemsOf = (database: object) => {
    const parsed = parseProjectConfig(JSON.stringify({ database }));
    return parsed.ok ? [] : parsed.problems;
  };
  expect(problemsOf({ perTask: 'database', template: 'app_template' })).toEqual([]);
  expect(problemsOf({ url: 'mysql://h/app' })).toEqual([]);
  expect(problemsOf({ url: 'mysql://h/app', perTask: 'database' })).toEqual([
    expect.stringContaining('database.url: perTask needs a PostgreSQL server'),
  ]);
  expect(problemsOf({ perTask: 'schema', template: 'app_template' })).toEqual([
    expect.stringContaining('database.template: only a task'),
  ]);
});
