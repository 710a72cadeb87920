/** What tools write down about their place survives a move, or is found out before. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { judgeMove, renamePlace } from '#src/environment/relocation.ts';
import { makeFolder } from '../helpers/repository.ts';

const [from, to] = ['pool-0123456789ab', 'task-ba9876543210'];
const searchPath = process.env.PATH ?? '';
const judge = (worktreePath: string) => judgeMove({ worktreePath, searchPath }, from);

function makeTree(files: Record<string, string | Buffer>): string {
  const folder = path.join(makeFolder('relocation'), from);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** As a claim does. */
async function move(folder: string): Promise<string> {
  const judged = await judge(folder);
  if (!judged.movable) throw new Error(judged.why);
  const place = path.join(path.dirname(folder), to);
  renameSync(folder, place);
  await renamePlace(place, judged.named, { from, to });
  await renamePlace(place, judged.named, { from, to }); // a second time after a crash
  return place;
}

test('texts and links that name the place are rewritten, and keep their bytes, rights and dates', async () => {
  const folder = makeTree({ 'a/other.txt': 'nothing', 'a/odd name\n.txt': '' });
  const bytes = Buffer.from([0xff, 0xfe, 0x0a]);
  writeFileSync(path.join(folder, 'a/run'), Buffer.concat([Buffer.from(`#!${folder}/bin/python\n${folder}\n`), bytes]));
  chmodSync(path.join(folder, 'a/run'), 0o755);
  utimesSync(path.join(folder, 'a/run'), 1000, 1000);
  symlinkSync(path.join(folder, 'a/run'), path.join(folder, 'link'));
  symlinkSync('a/run', path.join(folder, 'relative'));
  expect(await judge(folder)).toEqual({ movable: true, named: ['a/run', 'link'] });
  const place = await move(folder);
  expect(readFileSync(path.join(place, 'a/run'))).toEqual(
    Buffer.concat([Buffer.from(`#!${place}/bin/python\n${place}\n`), bytes]),
  );
  const { mode, mtimeMs } = statSync(path.join(place, 'a/run'));
  expect([mode & 0o777, mtimeMs]).toEqual([0o755, 1_000_000]);
  expect(readlinkSync(path.join(place, 'link'))).toBe(path.join(place, 'a/run'));
  expect(readlinkSync(path.join(place, 'relative'))).toBe('a/run');
});

test('a link that something put where a text is written anew does not lead the writing out of the tree', async () => {
  const folder = makeTree({ run: '' });
  writeFileSync(path.join(folder, 'run'), folder);
  const outside = path.join(path.dirname(folder), 'outside');
  writeFileSync(outside, 'mine');
  symlinkSync(outside, path.join(folder, 'run.sentra'));
  const place = await move(folder);
  expect(readFileSync(outside, 'utf8')).toBe('mine');
  expect(readFileSync(path.join(place, 'run'), 'utf8')).toBe(place);
});

test.each<[string, (folder: string) => void, string]>([
  ['a program', (folder) => writeFileSync(path.join(folder, 'prog'), `\0ELF ${folder}`), 'prog names its place'],
  ['a name', (folder) => writeFileSync(path.join(folder, `cache-${from}`), ''), `cache-${from} is called`],
  [
    'a file that others have too',
    (folder) => {
      writeFileSync(path.join(folder, 'a'), folder);
      linkSync(path.join(folder, 'a'), path.join(folder, '..', 'b'));
    },
    'a names its place and is shared',
  ],
])('a tree with its place in %s is not moved', async (_, make, why) => {
  const folder = makeTree({ 'package.json': '{}' });
  make(folder);
  expect(await judge(folder)).toMatchObject({ movable: false, why: expect.stringContaining(why) });
});

test('a Python environment runs its programs from its new place', async () => {
  const folder = makeTree({});
  mkdirSync(folder);
  const run = (cwd: string, command: string, ...args: string[]) =>
    execFileSync(command, args, { cwd, encoding: 'utf8', env: { PATH: searchPath } }).trim();
  run(folder, 'python3', '-m', 'venv', '--without-pip', '.venv');
  const python = path.join(folder, '.venv/bin/python3');
  const site = run(folder, python, '-c', 'import site; print(site.getsitepackages()[0])');
  const script = path.join(folder, '.venv/bin/greet');
  writeFileSync(
    path.join(site, 'greet.py'),
    'import sys\ndef main():\n    print("from", sys.prefix, main.__code__.co_filename)\n',
  );
  writeFileSync(script, `#!${python}\nimport greet\ngreet.main()\n`); // as pip writes them
  chmodSync(script, 0o755);
  expect(run(folder, script)).toBe(`from ${folder}/.venv ${site}/greet.py`); // and leaves its place in a compiled file

  const place = await move(folder);
  const moved = (text: string) => text.replaceAll(from, to);
  expect(run(place, moved(script))).toBe(`from ${place}/.venv ${moved(site)}/greet.py`);
  const activated = run(place, '/bin/sh', '-c', '. .venv/bin/activate && command -v greet && echo $VIRTUAL_ENV');
  expect(activated).toBe(`${moved(script)}\n${place}/.venv`);
});
