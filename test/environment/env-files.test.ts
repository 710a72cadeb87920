import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { pointCopies, writeEnvFiles } from '#src/environment/env-files.ts';
import { folderWith } from './folder.ts';

const task = {
  taskId: 'task-abc',
  adwId: 'adw-def',
  ports: { FRONTEND_PORT: 20010, BACKEND_PORT: 20011, API_PORT: 20012 },
};
const read = (folder: string, name: string) => readFile(path.join(folder, name), 'utf8');

it('both files hold what the contract names, for their owner only', async () => {
  const worktreePath = await folderWith();
  await writeEnvFiles({ worktreePath, ...task });
  expect(parseEnv(await read(worktreePath, '.ports.env'))).toEqual({
    FRONTEND_PORT: '20010',
    BACKEND_PORT: '20011',
    API_PORT: '20012',
    VITE_BACKEND_URL: 'http://localhost:20011',
  });
  expect(parseEnv(await read(worktreePath, '.env.local'))).toEqual({
    NEXT_PUBLIC_FRONTEND_PORT: '20010',
    BACKEND_PORT: '20011',
    TASK_ID: 'task-abc',
    ADW_ID: 'adw-def',
  });
  expect((await stat(path.join(worktreePath, '.env.local'))).mode & 0o777).toBe(0o600);
  expect((await readdir(worktreePath)).sort()).toEqual(['.env.local', '.ports.env']);
});

it('what a killed process left half written goes, in folders of copies too; what another writes at this moment stays', async () => {
  const worktreePath = await folderWith({ 'apps/.env': 'DATABASE_URL=postgres://old\n' });
  const { pid } = spawnSync('true');
  const [dead, alive] = [`.env.${pid}-0123456789ab.local`, `.env.${process.ppid}-0123456789ab.local`];
  const theirs = ['.env.test.local', '.env.1-2.local'];
  for (const name of [dead, `apps/${dead}`, alive, ...theirs]) await writeFile(path.join(worktreePath, name), 'A=1');
  await writeEnvFiles({ worktreePath, ...task });
  expect((await readdir(worktreePath)).sort()).toEqual(['.env.local', '.ports.env', alive, 'apps', ...theirs].sort());
  await pointCopies(worktreePath, ['apps/.env'], { from: 'postgres://old', to: 'postgres://new' });
  expect(await readdir(path.join(worktreePath, 'apps'))).toEqual(['.env']);
});

it('a copied .env.local keeps its other names, and ours are set once', async () => {
  const worktreePath = await folderWith({
    '.env.local': '# mine\nSECRET=x\nexport BACKEND_PORT=3000\nTASK_ID=old\nTASK_ID=older',
  });
  const databaseUrl = "postgres://me:p#a'ss@127.0.0.1/db";
  await writeEnvFiles({ worktreePath, ...task, databaseUrl });
  await writeEnvFiles({ worktreePath, ...task, databaseUrl });
  const text = await read(worktreePath, '.env.local');
  expect(parseEnv(text)).toMatchObject({
    SECRET: 'x',
    BACKEND_PORT: '20011',
    TASK_ID: 'task-abc',
    DATABASE_URL: databaseUrl,
  });
  expect(text.match(/TASK_ID/g)).toHaveLength(1);
  expect(text.startsWith('# mine\n')).toBe(true);
});

it('a link in place of a file is replaced, never followed', async () => {
  const outside = await folderWith({ 'secret.env': 'KEY=outside\n' });
  const worktreePath = await folderWith();
  for (const name of ['.env.local', '.ports.env'])
    await symlink(path.join(outside, 'secret.env'), path.join(worktreePath, name));
  await writeEnvFiles({ worktreePath, ...task });
  expect(await read(outside, 'secret.env')).toBe('KEY=outside\n');
  expect(await read(worktreePath, '.env.local')).not.toContain('outside');
});

it('a folder in the way is named in the error and leaves nothing behind', async () => {
  const worktreePath = await folderWith();
  await mkdir(path.join(worktreePath, '.ports.env'));
  await writeFile(path.join(worktreePath, '.ports.env/x'), '');
  await expect(writeEnvFiles({ worktreePath, ...task })).rejects.toMatchObject({ code: 'storage_unwritable' });
  expect(await readdir(worktreePath)).toEqual(['.ports.env']);
});

it('lines that end as on Windows stay so, and all other bytes of the file stay as they are', async () => {
  const worktreePath = await folderWith();
  const place = path.join(worktreePath, '.env.local');
  const bytes = Buffer.from('\u00ef\u00bb\u00bfBACKEND_PORT=3000\r\nNAME=\u00ff\u00fe\r\n\r\nLAST=1', 'latin1');
  await writeFile(place, bytes);
  await writeEnvFiles({ worktreePath, ...task });
  expect(await readFile(place, 'latin1')).toBe(
    [
      '\u00ef\u00bb\u00bfBACKEND_PORT=20011',
      'NAME=\u00ff\u00fe',
      '',
      'LAST=1',
      'NEXT_PUBLIC_FRONTEND_PORT=20010',
      'TASK_ID=task-abc',
      'ADW_ID=adw-def',
      '',
    ].join('\r\n'),
  );
});

it('what looks like our name inside a value of several lines is left alone', async () => {
  const text = 'KEY="-----BEGIN\nTASK_ID=inside\n-----END"\nWORD=it\'s\nTASK_ID=old\n';
  const worktreePath = await folderWith({ '.env.local': text });
  await writeEnvFiles({ worktreePath, ...task });
  expect(parseEnv(await read(worktreePath, '.env.local'))).toMatchObject({
    KEY: '-----BEGIN\nTASK_ID=inside\n-----END',
    TASK_ID: 'task-abc',
  });
});

it('an address with letters beyond ASCII arrives as it is', async () => {
  const worktreePath = await folderWith();
  const databaseUrl = 'postgres://zoë:pässword@localhost/größe';
  await writeEnvFiles({ worktreePath, ...task, databaseUrl });
  expect(parseEnv(await read(worktreePath, '.env.local')).DATABASE_URL).toBe(databaseUrl);
});

it('files that say it all already are not touched, files that nobody may write and pipes are replaced', async () => {
  const worktreePath = await folderWith({ '.ports.env': 'OLD=1\n' });
  await chmod(path.join(worktreePath, '.ports.env'), 0o400);
  execFileSync('mkfifo', [path.join(worktreePath, '.env.local')]);
  await writeEnvFiles({ worktreePath, ...task });
  const inodes = () =>
    Promise.all(['.env.local', '.ports.env'].map(async (name) => (await stat(path.join(worktreePath, name))).ino));
  const before = await inodes();
  await writeEnvFiles({ worktreePath, ...task });
  expect(await inodes()).toEqual(before);
  expect(parseEnv(await read(worktreePath, '.ports.env'))).not.toHaveProperty('OLD');
});

it('copies that name the database of the project name the one of the task; nothing is written through a link or made', async () => {
  const from = 'postgres://me:ä@db.example.test/app';
  const env = `KEEP=1\nDATABASE_URL="${from}"\n`;
  const outside = await folderWith({ '.env': env });
  const worktreePath = await folderWith({
    '.env': env,
    '.env.test': 'DATABASE_URL=postgres://x/other\n',
    'app/.env': env,
  });
  await symlink(outside, path.join(worktreePath, 'linked'));
  const copied = ['.env', '.env.test', 'app/.env', 'linked/.env', 'gone/.env', '.env.gone', 'notes.txt'];
  await pointCopies(worktreePath, copied, { from, to: 'postgres://sentra@127.0.0.1:5432/own' });
  for (const name of ['.env', 'app/.env'])
    expect(await read(worktreePath, name)).toBe('KEEP=1\nDATABASE_URL=postgres://sentra@127.0.0.1:5432/own\n');
  expect(await read(worktreePath, '.env.test')).toContain('/other');
  expect(await read(outside, '.env')).toBe(env);
  expect((await readdir(worktreePath)).sort()).toEqual(['.env', '.env.test', 'app', 'linked']);
});
