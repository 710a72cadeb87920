import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bringLogin } from '#src/agents/login.ts';

const folder = await realpath(await mkdtemp(join(tmpdir(), 'sentra-login-')));
const [usual, host, room] = [homedir(), join(folder, 'host'), join(folder, 'room')];
await mkdir(join(host, '.agent'), { recursive: true });
await mkdir(room);
await writeFile(join(host, '.agent/auth.json'), 'the-login');
process.env.HOME = host;
afterAll(async () => {
  process.env.HOME = usual;
  await rm(folder, { recursive: true, force: true });
});
const login = { files: ['~/.agent/auth.json', '~/.agent/absent.json'] };

test('a login is copied into the home of a room and taken away again', async () => {
  const takeAway = await bringLogin(login, room);
  expect(await readFile(join(room, '.agent/auth.json'), 'utf8')).toBe('the-login');
  expect(existsSync(join(room, '.agent/absent.json'))).toBe(false);
  await takeAway();
  expect(existsSync(join(room, '.agent/auth.json'))).toBe(false);
});

test('links that an agent left in its home lead nothing of the login elsewhere, and take nothing of the host away', async () => {
  const elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
  await rm(join(room, '.agent'), { recursive: true });
  await symlink(elsewhere, join(room, '.agent'));
  const takeAway = await bringLogin(login, room);
  expect(existsSync(join(elsewhere, 'auth.json'))).toBe(false);
  expect((await stat(join(room, '.agent/auth.json'))).isFile()).toBe(true);
  await rm(join(room, '.agent'), { recursive: true });
  await symlink(join(host, '.agent'), join(room, '.agent'));
  await takeAway();
  expect(await readFile(join(host, '.agent/auth.json'), 'utf8')).toBe('the-login');
});
