import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { writeEnvFiles } from '#src/environment/env-files.ts';
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
