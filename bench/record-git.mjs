// Stands in for git while a benchmark records: notes the call, then is git. Arguments: folder of notes, own folder, git's.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const at = Date.now() - performance.now();
const order = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const [calls, ownFolder, ...args] = process.argv.slice(2);
const PATH = process.env.PATH.split(':')
  .filter((folder) => folder !== ownFolder)
  .join(':');
const input = readFileSync(0);
const env = { ...process.env, PATH };
const done = spawnSync('git', args, { env, input, maxBuffer: 64 * 1024 * 1024 });
const call = {
  args,
  cwd: process.cwd(),
  env,
  input: `${input}`,
  output: `${done.stdout}`,
  exitCode: done.status,
  at,
  order,
};
writeFileSync(path.join(calls, `${process.pid}.json`), JSON.stringify(call));
process.stdout.write(done.stdout);
process.stderr.write(done.stderr);
process.exitCode = done.status ?? 1;
