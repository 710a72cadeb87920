import { expect, test } from 'vitest';
import type { DevServer } from '#src/domain/dev-server.ts';
import { cli } from '../helpers/cli.ts';
import { aTask } from '../helpers/contract-api.ts';

const { id } = aTask();
const web = (change: Partial<DevServer> = {}): DevServer => ({
  ...{ name: 'web', port: 20_000, state: 'starting', requested: true, restarts: 0, message: null },
  url: `http://${id}.localhost:4400/`,
  ...change,
});
const createDevServerLink = () => ({ url: `http://${id}.localhost:4400/.sentra/open?code=x`, expiresAt: 'soon' });

test('task dev starts what is named and prints a link for each', async () => {
  const asked: unknown[] = [];
  const startDevServers = ({ body }: { body: unknown }) => {
    asked.push(body);
    return { items: [web()] };
  };
  const { code, out } = await cli(['task', 'dev', id, 'web'], { startDevServers, createDevServerLink });
  expect(code).toBe(0);
  expect(asked).toEqual([{ names: ['web'] }]);
  expect(out).toMatch(/web +starting +20000 +http:\/\/task-/);
  expect(out).toContain('.localhost:4400/.sentra/open?code=x');
});

test('task dev --stop gives no link, --list changes nothing, and both say why one was given up', async () => {
  const stopped = { items: [web({ state: 'failed', url: null, message: 'It exited with 3' })] };
  for (const [flag, handlers] of [
    ['--stop', { stopDevServers: () => stopped }],
    ['--list', { listDevServers: () => stopped }],
  ] as const) {
    const { code, out } = await cli(['task', 'dev', id, flag], handlers);
    expect([code, out.includes('web: It exited with 3'), out.includes('Open')]).toEqual([0, true, false]);
  }
});

test('a project without dev servers says how it gets one', async () => {
  expect((await cli(['task', 'dev', id, '--list'], { listDevServers: () => ({ items: [] }) })).out).toContain('"dev"');
});
