/** A server that cannot start says why and what to do, with the exit code for it, and leaves nothing running. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { makeHome, sentraEnv } from '../helpers/sentra.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');

/** Runs `sentra up` that is expected to end by itself. */
function up(home: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [main, 'up'], { env: sentraEnv(home, env), stdio: 'pipe' });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((done) => child.once('close', (code) => done({ code, output })));
}

/** Every `postmaster.pid` below the home: there is one while a database server runs there. */
const databasesIn = (home: string): string[] =>
  readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('postmaster.pid'));

test('a port that is taken is named with the variable that picks another, and the database is stopped again', async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const port = String((taken.address() as { port: number }).port);
  const home = makeHome();
  try {
    const { code, output } = await up(home, { SENTRA_PORT: port });
    expect(code).toBe(1);
    expect(output).toContain(`127.0.0.1:${port}: another program uses it`);
    expect(output).toContain('SENTRA_PORT');
    expect(output).not.toMatch(/\n\s+at /);
    expect(existsSync(path.join(home, 'server.json'))).toBe(false);
    expect(databasesIn(home)).toEqual([]);
  } finally {
    taken.close();
    rmSync(home, { recursive: true, force: true });
  }
});

test('a home that cannot be written is named with the variable that moves it', async () => {
  const folder = makeHome();
  const home = path.join(folder, 'file');
  writeFileSync(home, 'no folder');
  const { code, output } = await up(home, {});
  expect(code).toBe(1);
  expect(output).toContain(home);
  expect(output).toContain('SENTRA_HOME');
  rmSync(folder, { recursive: true });
});

test('a file of the home that cannot be written is named as well', async () => {
  const home = makeHome();
  mkdirSync(path.join(home, 'token'));
  const { code, output } = await up(home, {});
  expect(code).toBe(1);
  expect(output).toContain(path.join(home, 'token'));
  expect(output).toContain('SENTRA_HOME');
  rmSync(home, { recursive: true });
});

test.each([
  ['its tables are looked at', 'pg_database'],
  ['the engine starts', 'application_versions'],
])('a database that dies while %s is told as one that does not answer', async (_, lastWord) => {
  const place = await createTestDatabase();
  const { hostname, port } = new URL(place.url);
  const sockets: Socket[] = [];
  const dyingDatabase = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    far.pipe(near);
    near.on('data', (chunk) => {
      if (!chunk.includes(lastWord)) return void far.write(chunk);
      dyingDatabase.close();
      for (const socket of sockets) socket.destroy();
    });
  });
  await new Promise<void>((done) => dyingDatabase.listen(0, '127.0.0.1', done));
  const url = new URL(place.url);
  url.port = String((dyingDatabase.address() as AddressInfo).port);
  const home = makeHome();
  try {
    const { code, output } = await up(home, { DATABASE_URL: url.href });
    expect(dyingDatabase.listening).toBe(false);
    expect(code).toBe(1);
    expect(output).toMatch(/The database does not answer \(.*check DATABASE_URL/);
  } finally {
    for (const socket of sockets) socket.destroy();
    await place.drop();
    rmSync(home, { recursive: true, force: true });
  }
});

test.each([
  ['where nothing listens', 'postgres://ada:hunter2@127.0.0.1:1/sentra', '127.0.0.1:1'],
  ['that is no URL', 'postgres://ada:hunter2@[nowhere/sentra', 'DATABASE_URL'],
])('a DATABASE_URL %s is told without its password', async (_, url, word) => {
  const home = makeHome();
  const { code, output } = await up(home, { DATABASE_URL: url });
  expect(code).toBe(1);
  for (const expected of [word, 'DATABASE_URL']) expect(output).toContain(expected);
  expect(output).not.toContain('hunter2');
  expect(output).not.toMatch(/\n\s+at /);
  rmSync(home, { recursive: true });
});

test.each([
  ['SENTRA_SLOTS', 'many', 'a whole number from 1 to 1000'],
  ['SENTRA_SLOTS', '0', 'a whole number from 1 to 1000'],
  ['SENTRA_MIN_DISK', 'plenty', 'a size, a percentage, or both: 2GB, 10%'],
  ['SENTRA_MIN_MEMORY', '101%', 'a size, a percentage, or both: 2GB, 10%'],
  ['SENTRA_PORT', '70000', 'a whole number from 0 to 65535'],
  ['SENTRA_LOG_LEVEL', 'loud', 'debug, info, warn, error, silent'],
  ['SENTRA_HOST', '0.0.0.0', '127.0.0.1'],
])('%s=%s is wrong usage, and the valid values are told', async (name, value, valid) => {
  const home = makeHome();
  const { code, output } = await up(home, { [name]: value });
  expect({ code, output }).toMatchObject({ code: 2 });
  for (const word of [name, value, valid]) expect(output).toContain(word);
  expect(databasesIn(home)).toEqual([]);
  rmSync(home, { recursive: true });
});
