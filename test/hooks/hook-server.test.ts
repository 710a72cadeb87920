import { request } from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import type { HookReport } from '#src/domain/hook.ts';
import { type HookServer, startHookServer } from '#src/hooks/hook-server.ts';
import { makeFolder } from '../helpers/repository.ts';

const folder = makeFolder('hook-server');
const open: HookServer[] = [];
afterAll(async () => {
  for (const server of open) await server.close();
});

/** The server of one task's session, and what it was told. */
async function serve(name: string) {
  const told: HookReport[] = [];
  const socketPath = path.join(folder, `${name}.sock`);
  const state = {
    ...{ taskId: `task-${name}`, title: name, description: '', status: 'running', phase: 'CODE', attempt: 1 },
    ...{ plan: 'The plan', dependencies: [], peers: [] },
  };
  const server = await startHookServer({
    socketPath,
    token: `token-of-${name}`,
    desk: {
      report: (report) => told.push(report) > 0,
      state: async () => state,
      messages: async () => [],
      goOn: async () => ({ goOn: false, reason: 'its budget is used up', paused: true, messagesWaiting: 2 }),
    },
  });
  open.push(server);
  return { socketPath, token: `token-of-${name}`, told, server };
}

function call(socketPath: string, line: string, token: string | undefined, body?: string) {
  const [method, url] = line.split(' ');
  return new Promise<{ status: number | undefined; said: string }>((done, fail) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request({ socketPath, method, path: url, headers }, async (answer) =>
      done({ status: answer.statusCode, said: await text(answer) }),
    );
    sent.on('error', fail);
    sent.end(method === 'POST' ? body : undefined);
  });
}

test('a hook tells and asks with the token of its own session, and with no other', async () => {
  const [one, other] = [await serve('one'), await serve('other')];
  const report = JSON.stringify({ event: 'PreToolUse', hook: 'security', tool: 'Bash', input: 'x'.repeat(9000) });
  for (const line of ['GET /state', 'GET /messages', 'GET /go-on', 'POST /events']) {
    expect(await call(one.socketPath, line, one.token, report)).toMatchObject({ status: 200 });
    for (const wrong of [other.token, undefined, '', 'token-of-onf'])
      expect(await call(one.socketPath, line, wrong, report)).toMatchObject({ status: 401 });
  }
  expect(one.told).toHaveLength(1);
  expect(one.told[0]?.input).toHaveLength(500);
  expect(other.told).toEqual([]);
  expect((await call(one.socketPath, 'GET /state', one.token)).said).toContain('"title":"one"');
  expect((await call(one.socketPath, 'GET /go-on', one.token)).said).toContain('budget is used up');
});

test('what is no report is refused with what is wrong, and the socket is dead after the session', async () => {
  const { socketPath, token, told, server } = await serve('third');
  const send = (body: string) => call(socketPath, 'POST /events', token, body);
  expect(await send('{"event":"Nonsense","hook":"x"}')).toMatchObject({ status: 400 });
  expect(await send('no json')).toMatchObject({ status: 400 });
  expect(await send(`"${'x'.repeat(70_000)}"`)).toMatchObject({ status: 413 });
  expect(await call(socketPath, 'GET /nothing', token)).toMatchObject({ status: 404 });
  expect(told).toEqual([]);
  await server.close();
  await expect(call(socketPath, 'GET /state', token)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
});
