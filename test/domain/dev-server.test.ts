import { expect, test } from 'vitest';
import { devHost, devServersFor, parseDevHost } from '#src/domain/dev-server.ts';
import { newTaskId } from '#src/domain/ids.ts';
import { type ProjectConfig, parseProjectConfig } from '#src/domain/project-config.ts';

const taskId = newTaskId();

const configOf = (dev: object, more: object = {}) => parseProjectConfig(JSON.stringify({ dev, ...more }));

function devOf(dev: object): ProjectConfig['dev'] {
  const parsed = configOf(dev);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.config.dev;
}

test('a task has those dev servers that are always wanted, and those for UI when it is marked so', () => {
  const dev = devOf({
    web: { command: 'a', port: 'FRONTEND_PORT' },
    api: { command: 'b', port: 'BACKEND_PORT', when: 'never' },
  });
  const always = devOf({ web: { command: 'a', port: 'FRONTEND_PORT', when: 'always' } });
  const task = (labels: string[], needsDevServer = false) => ({ labels, needsDevServer });
  expect(devServersFor(task([]), dev)).toEqual([]);
  expect(devServersFor(task(['build']), dev)).toEqual([]);
  expect(devServersFor(task(['UI']), dev)).toEqual(['web']);
  expect(devServersFor(task(['a', 'e2e']), dev)).toEqual(['web']);
  expect(devServersFor(task([], true), dev)).toEqual(['web']);
  expect(devServersFor(task([]), always)).toEqual(['web']);
});

test('the name of a host tells the task and the dev server, and nothing else does', () => {
  expect(parseDevHost(devHost(taskId, 'web', true))).toEqual({ taskId, name: undefined });
  expect(parseDevHost(devHost(taskId, 'web', false).toUpperCase())).toEqual({ taskId, name: 'web' });
  for (const host of [
    'localhost',
    `${taskId}`,
    `${taskId}.localhost.test`,
    `a.b.${taskId}.localhost`,
    'task-1.localhost',
  ])
    expect(parseDevHost(host), host).toBeUndefined();
});

test.each([
  [{ Web: { command: 'a', port: 'FRONTEND_PORT' } }, 'named like frontend'],
  [{ web: { command: 'a', port: 'FRONTED_PORT' } }, 'dev.web.port: there is no port FRONTED_PORT'],
  [{ web: { command: 'a', port: 'FRONTEND_PORT', ready: 'ok' } }, 'dev.web.ready'],
  [
    { web: { command: 'a', port: 'FRONTEND_PORT' }, api: { command: 'b', port: 'FRONTEND_PORT' } },
    'dev.api.port: FRONTEND_PORT is the port of dev.web',
  ],
])('a wrong dev block is refused: %j', (dev, problem) => {
  const parsed = configOf(dev);
  expect(parsed.ok ? [] : parsed.problems).toEqual([expect.stringContaining(problem)]);
  expect(configOf({ web: { command: 'a', port: 'DOCS_PORT' } }, { ports: ['DOCS_PORT'] }).ok).toBe(true);
});
