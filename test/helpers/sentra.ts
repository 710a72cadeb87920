/** A whole Sentra as a person starts it: a process of its own, on a fresh home, with its own embedded database. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { type Client, createClient } from '#src/client/client.ts';
import type { Task, TaskStatus } from '#src/domain/task.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { addWitness } from './witnesses.ts';

/** The program as users run it. */
export const product = path.resolve(import.meta.dirname, '../../src/main.ts');

export type TestSentra = {
  home: string;
  url: string;
  token: string;
  client: Client;
  child: ChildProcess;
  /** Everything that it printed so far. */
  output(): string;
  /** SIGKILL, and no goodbye. The database lives on. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end: what a person's Ctrl-C does. */
  quit(): Promise<void>;
  /** Starts it again on the same home. */
  restart(): Promise<void>;
  /** SIGTERM, waits for the end, stops the database and removes the home. */
  stop(): Promise<void>;
};

export const makeHome = (): string => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'sentra-home-'));
  chmodSync(home, 0o711); // under root the database's user must be able to enter
  return home;
};

/** A new home whose database is made and migrated already, where the run of tests has one to copy. */
function makeSeededHome(): string {
  const home = makeHome();
  if (!process.env.VITEST) return home;
  const place = path.join(home, 'postgres');
  execFileSync('cp', ['-a', inject('seedPlace'), place]);
  const connection = path.join(place, 'connection.json');
  const { password } = JSON.parse(readFileSync(connection, 'utf8'));
  // Of its own: all would ask for the same one. Who finds it taken chooses another.
  writeFileSync(connection, JSON.stringify({ port: randomInt(14_000, 20_000), password }));
  return home;
}

/** Environment of a process on this home; nothing of the test's own leaks in but what programs need to run. */
export const sentraEnv = (home: string, more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '/',
  SENTRA_HOME: home,
  ...(process.env.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } : {}), // one for the whole run of tests
  SENTRA_PORT: '0',
  SENTRA_SLOTS: '4',
  SENTRA_POOL: '0', // nothing at work in the background but for the tests of the pool
  SENTRA_LOG_LEVEL: 'silent',
  SENTRA_ALLOW_UNCONFINED: 'all', // for the tests that need no wall; their sentra.json asks for it
  ...more,
});

export async function startTestSentra(
  options: {
    home?: string;
    env?: Record<string, string> /** Another build of the program. */;
    main?: string;
    role?: 'up' | 'server';
  } = {},
): Promise<TestSentra> {
  const home = options.home ?? makeSeededHome();
  let output = '';
  const dismiss = addWitness(() => `The Sentra of ${home} printed:\n${output}`);
  const sentra = { home, output: () => output } as TestSentra;
  const launch = async () => {
    const child = spawn(process.execPath, [options.main ?? product, options.role ?? 'up'], {
      env: sentraEnv(home, options.env),
      stdio: 'pipe',
      cwd: home,
    });
    sentra.child = child;
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    await until(
      () => output.includes('Open the dashboard') || child.exitCode !== null || child.signalCode !== null,
      60_000,
      () => `Sentra did not start:\n${output}`,
    );
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`Sentra ended with ${child.exitCode ?? child.signalCode}:\n${output}`);
  };
  const attach = async () => {
    await launch();
    const { url } = JSON.parse(readFileSync(path.join(home, 'server.json'), 'utf8'));
    sentra.url = url;
    sentra.token = readFileSync(path.join(home, 'token'), 'utf8').trim();
    sentra.client = createClient({ url, token: sentra.token });
  };
  sentra.kill = () => end(sentra.child, 'SIGKILL');
  sentra.quit = () => end(sentra.child, 'SIGTERM');
  sentra.restart = async () => {
    output = '';
    await attach();
  };
  sentra.stop = async () => {
    dismiss();
    await end(sentra.child, 'SIGTERM');
    await (await startEmbedded({ home })).stop();
    rmSync(home, { recursive: true, force: true });
  };
  await attach();
  return sentra;
}

/** Waits until a task is in one of the statuses; throws with its state when it takes too long. */
export async function waitForTask(
  { client }: Pick<TestSentra, 'client'>,
  id: string,
  statuses: TaskStatus[] = ['in_review', 'failed', 'completed', 'cancelled'],
  timeoutMs = 60_000,
): Promise<Task> {
  let task = await client.getTask({ params: { id } });
  await until(
    async () => {
      task = await client.getTask({ params: { id } });
      return statuses.includes(task.status);
    },
    timeoutMs,
    () => `the task stayed ${task.status} in ${task.phase}: ${JSON.stringify(task.error ?? task.notice)}`,
  );
  return task;
}

/** Waits until the newest run of a task is over; answers the task as it stands then. */
export async function waitForRun(
  { client }: Pick<TestSentra, 'client'>,
  id: string,
  timeoutMs = 60_000,
): Promise<Task> {
  const over = ['completed', 'failed', 'cancelled'];
  let newest: string | undefined;
  await until(
    async () => {
      newest = (await client.listRuns({ params: { id } })).items[0]?.status;
      return newest !== undefined && over.includes(newest);
    },
    timeoutMs,
    () => `the run of ${id} stayed ${newest}`,
  );
  return client.getTask({ params: { id } });
}

/** What a quiet machine does in a second, one with other work does in a few. */
export const patience = 3;

/** Waits for a condition, looking every 50 ms; longer than was said where the machine has other work. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  explain: () => string = () => 'the condition did not come true',
): Promise<void> {
  const longestMs = patience * timeoutMs;
  const deadline = Date.now() + longestMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${explain()} (waited ${longestMs} ms)`);
    await sleep(50);
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('close', done)); // with the last of its output
  child.kill(signal);
  await gone;
}
