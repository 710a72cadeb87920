import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { killAll, type Outcome, run, start } from '#src/process.ts';
import type { Room } from '#src/sandbox/sandbox.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createTestRoom, env, findAlive } from './room.ts';

const place = await createTestRoom();
const sandbox = createSandbox({ stateDir: place.stateDir });
const { room } = place;

afterAll(async () => {
  await sandbox.close();
  await place.remove();
});

const shell = (script: string) => ({ command: '/bin/sh', args: ['-c', script], cwd: room.worktreePath, env });
const free = (script: string): Promise<Outcome> => run(shell(script), { timeoutMs: 20_000 });
const confined = async (script: string, more: Partial<Room> = {}): Promise<Outcome> =>
  run(await sandbox.confine(shell(script), { ...room, network: 'none', ...more }), { timeoutMs: 20_000 });

test('a process can be confined on this host', async () => {
  expect(await sandbox.unavailable()).toBeUndefined();
});

test('that all programs are ended while this is found out, as when the database is lost, says nothing about the host', async () => {
  for (let round = 0; round < 10; round++) {
    const other = createSandbox({ stateDir: place.stateDir });
    let isAnswered = false;
    const asked = other.unavailable().finally(() => {
      isAnswered = true;
    });
    while (!isAnswered && (await findAlive('--die-with-parent')).length === 0) await nextTurn();
    killAll();
    expect(await asked).toBeUndefined();
    await other.close();
  }
});

test('a program that is ended while its room is being made leaves nothing, at whatever moment', async () => {
  const word = `ended-early-${randomUUID()}`;
  const endAfter = async (ms: number) => {
    const command = await sandbox.confine(shell(`: ${word}; sleep 600`), { ...room, network: 'none' });
    await run(command, { signal: AbortSignal.timeout(ms) }).catch(() => {}); // ended before it began
  };
  for (let round = 0; round < 6; round++)
    await Promise.all(Array.from({ length: 16 }, (_, at) => endAfter(1 + round + 7 * at)));
  await expect.poll(() => findAlive(word), { timeout: 10_000 }).toEqual([]);
});

describe('the disk of a room', () => {
  test('the worktree and the home are writable, and what is written stays', async () => {
    const outcome = await confined(
      'echo one > made.txt && echo two > "$HOME/note" && cat readme.txt && echo "$TMPDIR"',
    );
    expect(outcome.stderr.toString()).toBe('');
    expect(outcome.stdout.toString()).toBe('hello/tmp\n');
    expect(await readFile(join(room.worktreePath, 'made.txt'), 'utf8')).toBe('one\n');
    expect(await readFile(join(room.homePath, 'note'), 'utf8')).toBe('two\n');
  });

  test('git can be read but not written, while the same commands write without the wall', async () => {
    const attack =
      'git config x.y z; echo x > "$(git rev-parse --git-common-dir)/hooks/pre-commit"; echo "gitdir: /x" > .git';
    expect((await confined('git status --short && git log --oneline')).exitCode).toBe(0);
    const closed = await confined(attack);
    expect(closed.stderr.toString().match(/Read-only file system|could not lock/g)?.length).toBeGreaterThanOrEqual(3);
    expect((await free('git config x.y')).stdout.toString()).toBe('');
    expect((await free('git config x.y z && git config x.y && git config --unset x.y')).stdout.toString()).toBe('z\n');
  });

  test('hooks that an install writes are thrown away where the room says so', async () => {
    const hooks = join(room.gitDir ?? '', 'hooks');
    const install = `echo evil > ${hooks}/pre-commit && cat ${hooks}/pre-commit`;
    expect((await confined(install)).exitCode).not.toBe(0);
    expect((await confined(install, { discarded: [hooks] })).stdout.toString()).toBe('evil\n');
    expect(existsSync(join(hooks, 'pre-commit'))).toBe(false);
  });

  test('the rest of the disk cannot be written', async () => {
    const outside = join(place.folder, 'outside.txt');
    await confined(`echo x > ${outside}; echo x > ${place.folder}/repository/readme.txt; echo x > /etc/sentra-test`);
    expect(existsSync(outside)).toBe(false);
    expect(existsSync('/etc/sentra-test')).toBe(false);
    expect(await readFile(join(room.repositoryPath ?? '', 'readme.txt'), 'utf8')).toBe('hello');
    await free(`echo x > ${outside}`);
    expect(existsSync(outside)).toBe(true);
  });

  test('the state folder, homes and the main checkout are hidden, while they can be read without the wall', async () => {
    const attack = `cat ${place.stateDir}/token ${room.repositoryPath}/readme.txt; ls -A ${env.HOME} /root /home`;
    const closed = (await confined(attack)).stdout.toString();
    expect(closed).not.toContain('the-token');
    expect(closed).not.toContain('hello');
    // Where this checkout lies in a home, the way to the Node that runs us is there, and nothing beside it.
    const onTheWay = new Set(process.execPath.split('/'));
    const names = closed.split('\n').filter((line) => line && !line.endsWith(':') && !onTheWay.has(line));
    expect(names).toEqual([]);
    expect((await free(attack)).stdout.toString()).toContain('the-token');
  });

  test('a readable folder inside a hidden one is shown, and cannot be written', async () => {
    const shown = join(place.folder, 'state');
    const outcome = await confined(`cat ${shown}/token; echo x > ${shown}/token`, { readable: [join(shown, 'token')] });
    expect(outcome.stdout.toString()).toBe('the-token-of-the-server');
    expect(await readFile(join(shown, 'token'), 'utf8')).toBe('the-token-of-the-server');
  });

  test('a further folder of ours is hidden when it is named', async () => {
    const data = join(place.folder, 'state');
    const other = createSandbox({ stateDir: join(place.folder, 'nowhere'), hidden: [data] });
    const look = { ...room, network: 'none', readable: [place.folder] } as const;
    const outcome = await run(await other.confine(shell(`ls ${place.folder}; cat ${data}/token`), look));
    expect(outcome.stdout.toString()).toContain('repository');
    expect(outcome.stdout.toString()).not.toContain('the-token');
  });

  test('a mount cannot be made writable again from inside', async () => {
    const outcome = await confined('mount -o remount,rw / || unshare -Urm mount -o remount,bind,rw / || echo refused');
    expect(outcome.stdout.toString()).toBe('refused\n');
  });
});

describe('the network of a room', () => {
  let server: Server;
  let port: number;
  const socketPath = join(place.folder, 'model.sock');
  const socketServer = createServer((_request, response) => response.end('the model'));

  beforeAll(async () => {
    server = createServer((_request, response) => response.end('a service of the host')).listen(0, '127.0.0.1');
    socketServer.listen(socketPath);
    await vi.waitFor(() => expect(server.listening && socketServer.listening).toBe(true));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
    socketServer.close();
  });
  const get = (url: string) =>
    `${process.execPath} -e "fetch('${url}').then(r => r.text()).then(t => console.log(t), () => console.log('closed'))"`;

  test('every package manager is told of the proxy by the name that it reads', async () => {
    const told = (await confined('env', { network: 'proxy' })).stdout.toString();
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'YARN_HTTPS_PROXY', 'YARN_HTTP_PROXY'])
      expect(told).toMatch(new RegExp(`^${name}=http://127.0.0.1:\\d+$`, 'm'));
    expect((await confined('env', { network: 'none' })).stdout.toString()).not.toMatch(/proxy/i);
  });

  test('a port of the host cannot be reached, directly or by the proxy, while it can without the wall', async () => {
    const url = `http://127.0.0.1:${port}/`;
    expect((await free(get(url))).stdout.toString()).toBe('a service of the host\n');
    expect((await confined(get(url))).stdout.toString()).toBe('closed\n');
    expect((await confined(get(url), { network: 'proxy' })).stdout.toString()).toBe('closed\n');
    const ask = `require('http').get({ port: 3128, path: '${url}' }, (r) => r.on('data', (d) => console.log(String(d))))`;
    const byProxy = await confined(`${process.execPath} -e "${ask}"`, { network: 'proxy' });
    expect(byProxy.stdout.toString()).toContain('is an address of this host');
  });

  test('the model is reached by its socket', async () => {
    const outcome = await confined(get(`http://127.0.0.1:${sandbox.modelPort}/`), { modelSocket: socketPath });
    expect(outcome.stdout.toString()).toBe('the model\n');
  });
});

describe('a confined process', () => {
  test('keeps its input, output, exit code and environment', async () => {
    const command = await sandbox.confine(shell('cat; echo "$FLAVOUR" >&2; exit 7'), { ...room, network: 'proxy' });
    const outcome = await run({ ...command, env: { ...command.env, FLAVOUR: 'salt' } }, { input: 'words' });
    expect(outcome).toMatchObject({ exitCode: 7, endedBy: 'exit' });
    expect(`${outcome.stdout}|${outcome.stderr}`).toBe('words|salt\n');
  });

  test('its environment is no argument that other users of the host can read', async () => {
    const command = { ...shell('true'), env: { ...env, DATABASE_URL: 'postgres://canary@localhost' } };
    expect((await sandbox.confine(command, { ...room, network: 'none' })).args.join(' ')).not.toContain('canary');
  });

  test('dies with its parent, with everything it started', async () => {
    const word = `orphan-${Date.now()}`;
    const script = `setsid sh -c 'sleep 300; : ${word}' & sh -c 'sleep 300; : ${word}' & echo up; wait`;
    const holder = start({
      command: process.execPath,
      args: [
        join(import.meta.dirname, 'holder.ts'),
        place.stateDir,
        JSON.stringify({ ...room, network: 'none' }),
        script,
      ],
      cwd: process.cwd(),
      env,
    });
    await new Promise((done) => holder.stdout?.once('data', done));
    expect(await findAlive(word)).not.toEqual([]);
    holder.kill('SIGKILL');
    await vi.waitFor(async () => expect(await findAlive(word)).toEqual([]), { timeout: 5_000 });
  });
});
