/** Records the git commands of a server: a `git` of ours, early on its PATH, notes each call and runs the real one. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type GitCall = {
  args: string[];
  cwd: string;
  env: Record<string, string>;
  input: string;
  output: string;
  exitCode: number;
  /** Milliseconds since 1970. */
  at: number;
};

/** The folder stays on the server's PATH; between `begin` and `end` there is a `git` in it. */
export function installRecorder(scratch: string) {
  const folder = path.join(scratch, 'bin');
  const calls = path.join(scratch, 'calls');
  mkdirSync(folder);
  mkdirSync(calls);
  const file = path.join(folder, 'git');
  const recorder = path.join(import.meta.dirname, 'record-git.mjs');
  return {
    folder,
    calls,
    begin() {
      writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${recorder}' '${calls}' '${folder}' "$@"\n`);
      chmodSync(file, 0o755);
    },
    end: () => rmSync(file),
  };
}

/** In the order in which they were started. */
export const readRecording = (calls: string): GitCall[] =>
  readdirSync(calls)
    .map((name) => JSON.parse(readFileSync(path.join(calls, name), 'utf8')) as GitCall & { order: number })
    .sort((a, b) => a.order - b.order);
