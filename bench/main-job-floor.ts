/**
 * The floor of the main job: a shell script that runs the git commands that Sentra was seen to run, and its three agent
 * sessions and the tests behind the same wall, one after the other; nothing is recorded, awaited or looked at.
 */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { createCommandDriver } from '#src/agents/command.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { createRunner } from '#src/environment/runner.ts';
import type { Command } from '#src/process.ts';
import type { Room, Sandbox } from '#src/sandbox/sandbox.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import type { GitCall } from './git-recording.ts';

export type RecordedJob = {
  taskId: string;
  adwId: string;
  home: string;
  scratch: string;
  repositoryPath: string;
  worktreePath: string;
  ports: Record<string, number>;
  phases: { phase: PhaseName; at: number }[];
  testCommand: string;
  agentCommand: string[];
  calls: GitCall[];
};

const run = promisify(execFile);

/** `run` answers the milliseconds of one more job, for a task, a branch and a worktree of its own. */
export async function createFloor(job: RecordedJob): Promise<{ summary: string; run: () => Promise<number> }> {
  const processes = await confinedProcesses(job);
  const script = composeScript(job, processes);
  const suffix = job.taskId.slice(5, 13);
  return {
    summary: `the floor: ${job.calls.length} git commands and ${processes.length} processes behind the wall`,
    async run() {
      const fresh = randomBytes(4).toString('hex');
      const file = path.join(job.scratch, `job-${fresh}.sh`);
      writeFileSync(file, script.replaceAll(suffix, fresh));
      mkdirSync(path.join(job.home, 'homes', job.taskId.replace(suffix, fresh)), { recursive: true });
      const startedAt = performance.now();
      await run('/bin/sh', ['-e', file], { env: {} });
      return performance.now() - startedAt;
    },
  };
}

type Step = { at: number; lines: string[] };

function composeScript(job: RecordedJob, processes: readonly Step[]): string {
  const objects = new Map<string, string>();
  const git = job.calls.map((call): Step => ({ at: call.at, lines: gitLines(job, call, objects) }));
  const steps = [administration(job), ...processes, ...git].sort((a, b) => a.at - b.at);
  return `${steps.flatMap(({ lines }) => lines).join('\n')}\n`;
}

/** Sentra writes the worktree's administration itself, right before git makes the branch. */
function administration({ calls, worktreePath }: RecordedJob): Step {
  const folder = calls.find(({ env }) => env.GIT_DIR?.includes('/worktrees/'))?.env.GIT_DIR ?? '';
  const branch = calls.find(({ args }) => args[0] === 'update-ref');
  const ref = branch?.args.find((arg) => arg.startsWith('refs/heads/')) ?? '';
  const write = (text: string, file: string) => `echo ${quote(text)} >${quote(file)}`;
  const lines = [
    `mkdir -p ${quote(folder)} ${quote(worktreePath)}`,
    write(`ref: ${ref}`, path.join(folder, 'HEAD')),
    write('../..', path.join(folder, 'commondir')),
    write(path.join(worktreePath, '.git'), path.join(folder, 'gitdir')),
    write('sentra', path.join(folder, 'locked')),
    write(`gitdir: ${folder}`, path.join(worktreePath, '.git')),
  ];
  return { at: (branch?.at ?? 0) - 0.5, lines };
}

/** `objects`: the shell's variable for each hash that an earlier command answered; the floor's hashes are others. */
function gitLines(job: RecordedJob, call: GitCall, objects: Map<string, string>): string[] {
  // Sentra's own index is moved into place; here git works on the worktree's at once.
  const env = call.env.GIT_INDEX_FILE
    ? { ...call.env, GIT_INDEX_FILE: path.join(call.env.GIT_DIR ?? '', 'index') }
    : call.env;
  let line = subshell(job, { command: 'git', args: call.args, cwd: call.cwd, env }, call.input);
  for (const [hash, name] of objects) line = line.replaceAll(hash, `'"$${name}"'`);
  const answers = call.args[0] === 'commit-tree' || call.args[0] === 'write-tree';
  if (!answers) return [...planLines(job, call), `${line} >/dev/null 2>&1 || [ $? -eq ${call.exitCode} ]`];
  const name = `object${objects.size}`;
  objects.set(call.output.trim(), name);
  return [`${name}=$${line}`]; // a subshell after the dollar is a substitution
}

/** PLAN's file is written by Sentra itself, right before git is told to add it. */
function planLines({ worktreePath }: RecordedJob, call: GitCall): string[] {
  const plan = call.args.find((arg) => arg.startsWith(':(literal)'))?.replace(':(literal)', '');
  if (!plan) return [];
  const file = path.join(worktreePath, plan);
  return [`mkdir -p ${quote(path.dirname(file))}`, `echo plan >${quote(file)}`];
}

/** The very commands that Sentra starts for the recorded task: each is made by its own driver and runner, and runs once. */
async function confinedProcesses(job: RecordedJob): Promise<Step[]> {
  const steps: Step[] = [];
  const wall = createSandbox({ stateDir: job.home });
  const room = {
    worktreePath: job.worktreePath,
    gitDir: path.join(job.repositoryPath, '.git'),
    repositoryPath: job.repositoryPath,
    homePath: path.join(job.home, 'homes', job.taskId),
  };
  for (const { phase, at } of job.phases) {
    const sandbox: Sandbox = {
      ...wall,
      async confine(command, wanted) {
        // Its proxy ends with the program that is started with it; the script's is started by nobody here and stays.
        const scripted = await wall.confine(command, wanted);
        steps.push({ at, lines: [`${subshell(job, scripted, 'a prompt')} >/dev/null`] });
        return wall.confine(command, wanted);
      },
    };
    if (phase === 'TEST') await runTests(job, sandbox, room);
    else await runAgent(job, sandbox, room, phase);
  }
  return steps;
}

type Where = Omit<Room, 'network' | 'modelSocket'>;

const runTests = (job: RecordedJob, sandbox: Sandbox, room: Where) =>
  createRunner({ sandbox, room, baseEnv: { PATH: process.env.PATH ?? '' } }).run(job.testCommand, {
    network: 'none',
    env: portVariables(job),
    timeoutMs: 60_000,
  });

const runAgent = (job: RecordedJob, sandbox: Sandbox, room: Where, phase: PhaseName) =>
  createCommandDriver({ sandbox, definition: { command: job.agentCommand } }).run(
    {
      sessionId: randomUUID(),
      taskId: job.taskId,
      adwId: job.adwId,
      phase,
      attempt: 1,
      systemPrompt: '',
      prompt: 'a prompt',
      room,
      confined: true,
      env: portVariables(job),
      timeoutMs: 60_000,
      idleMs: 60_000,
    },
    async () => {},
    new AbortController().signal,
  );

const portVariables = ({ ports }: RecordedJob) =>
  Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));

let inputs = 0;

function subshell(job: RecordedJob, command: Command, input: string): string {
  const file = path.join(job.scratch, `input-${inputs++}`);
  writeFileSync(file, input);
  const shellsOwn = ['PWD', 'OLDPWD', 'SHLVL', '_'];
  const variables = Object.entries(command.env)
    .filter(([name]) => !shellsOwn.includes(name))
    .map(([name, value]) => `${name}=${quote(value)}`);
  const words = [command.command, ...command.args].map(quote).join(' ');
  return `(cd ${quote(command.cwd)}; export ${variables.join(' ')}; exec ${words} <${quote(file)})`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
