/** Starts the command line with its real parts. */
import { flushCompileCache } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '#src/cli/main.ts';
import { type Client, createClient } from '#src/client/client.ts';
import { type Config, readConfig } from '#src/config.ts';
import { createDemo } from '#src/demo/demo.ts';
import { examine } from '#src/doctor.ts';
import { detectTestCommand } from '#src/environment/test-command.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { inspectRepository } from '#src/git/repository.ts';
import { findServer, findToken } from '#src/home.ts';
import { writeStarterSet } from '#src/hooks/starter-set.ts';
import { serveMcp } from '#src/mcp/stdio.ts';
import type { Role } from '#src/start.ts';

// pg 8 warns once of how DBOS calls it; a person can do nothing about it.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'DeprecationWarning' && warning.name !== 'ExperimentalWarning') console.error(warning.message);
});

const isServer = ['up', 'server', 'worker'].includes(process.argv[2] ?? '');
// A reader that has seen enough (`| head`) is no failure; and a server goes on without its terminal, or on a disk that is full.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (e: NodeJS.ErrnoException) => {
    if (isServer) return;
    if (e.code !== 'EPIPE') throw e;
    process.exit(0);
  });

if (!isServer) console.log = console.error; // what a library says: the output is the command's

const interrupted = new AbortController();
let draining: Promise<void> | undefined;
process.exitCode = await main();
if (!interrupted.signal.aborted) await drain();
process.exit(process.exitCode);

async function main(): Promise<number> {
  let config: Config;
  try {
    config = readConfig();
  } catch (e) {
    console.error(messageOf(e));
    return 2;
  }
  if (!isServer) process.on('SIGINT', interrupt);
  const connection = async () => connect(config);
  const client = async () => createClient(await connection());
  return runCli(process.argv.slice(2), {
    version: config.version,
    connection,
    client,
    start: (options) => serve(config, options),
    doctor: () => examine(config),
    backUp: async (options) => (await import('#src/backup.ts')).backUp(config, options),
    restore: async (options) => (await import('#src/backup.ts')).restore(config, options),
    init: (options) => initRepository(config, options),
    serveMcp: async () => serveMcp(await client(), config.version, interrupted.signal),
    demo: (demoClient, onProgress) => makeDemo(config, demoClient, onProgress),
    cwd: process.cwd(),
    stdout: (text) => process.stdout.write(text) || whenDrained(),
    stderr: (text) => void process.stderr.write(text),
    signal: interrupted.signal,
    isTTY: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 100,
  });
}

/** A second time it does not wait. Stays on: proper-lockfile's own listener kills the process where there is no other. */
function interrupt(): void {
  if (interrupted.signal.aborted) process.exit(130);
  interrupted.abort();
}

/** One wait for all that is written meanwhile. */
function whenDrained(): Promise<void> {
  draining ??= new Promise<void>((done) => process.stdout.once('drain', () => done())).finally(() => {
    draining = undefined;
  });
  return draining;
}

function connect(config: Config): { url: string; token: string } {
  const url = config.url ?? findServer(config.home)?.url;
  if (!url)
    throw new SentraError(
      'server_unavailable',
      `No Sentra server runs with ${config.home}: start one with \`npx sentra up\`.`,
    );
  const token = config.token ?? findToken(config.home);
  if (!token)
    throw new SentraError(
      'unauthorized',
      `There is no token in ${config.home}: set SENTRA_TOKEN, or SENTRA_HOME to the server's.`,
    );
  return { url, token };
}

/** Server and worker in this process until a signal. One that runs already is shown instead of a second one. */
async function serve(config: Config, { demo, roles }: { demo: boolean; roles: readonly Role[] }): Promise<number> {
  const running = roles.includes('server') ? await findRunning(config) : undefined;
  if (running) {
    const link = await running.createLoginLink();
    console.log(`Sentra runs already. Dashboard: ${link.url}`);
    return 0;
  }
  const stopped = whenAskedToStop();
  // A bug may end a run, never the process that carries all the others.
  const { startSentra, createCleanReport } = await import('#src/start.ts');
  const report = createCleanReport(config);
  const tell = (e: unknown) => report(e instanceof Error ? (e.stack ?? e.message) : String(e));
  process.on('unhandledRejection', tell);
  process.on('uncaughtException', (e) => {
    tell(e);
    process.exit(1);
  });
  const sentra = await startSentra(config, { roles, report });
  const { server, workerId } = sentra;
  if (server) {
    console.log(`Sentra ${config.version} is at ${server.url}, its data in ${config.home}.`);
    if (demo) await demoWhereEmpty(config, server.client);
    console.log(`Open the dashboard (this link works once, for ten minutes):\n\n  ${server.createLoginLink().url}\n`);
  } else console.log(`Sentra ${config.version}: worker ${workerId} is at work, its data in ${config.home}.`);
  flushCompileCache(); // else kept at the end, which may be a kill
  const drained = server ? new Promise<never>(() => {}) : sentra.drained.then(() => 'drained' as const);
  const why = await Promise.race([stopped, drained]);
  console.log(
    why === 'drained' ? 'Drained.' : 'Stopping; what runs is taken up by another worker, or at the next start.',
  );
  await Promise.race([sentra.stop(), sleep(15_000)]);
  process.exit(0);
}

/** A first start shows something; a demo that cannot be made stops nothing. */
async function demoWhereEmpty(config: Config, client: Client): Promise<void> {
  try {
    if ((await client.listProjects()).items.length === 0) await makeDemo(config, client, (line) => console.log(line));
  } catch (e) {
    console.error(`The demo could not be made: ${messageOf(e)} Sentra goes on; \`npx sentra demo\` tries again.`);
  }
}

async function findRunning(config: Config): Promise<Client | undefined> {
  const server = findServer(config.home);
  const token = findToken(config.home);
  if (!server || !token) return undefined;
  const client = createClient({ url: server.url, token });
  try {
    await client.listProjects();
    return client;
  } catch {
    return undefined; // it died without a word: its file is left over
  }
}

/** The first signal asks, the second one ends at once. */
function whenAskedToStop(): Promise<void> {
  return new Promise((stop) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        stop();
      });
  });
}

async function makeDemo(config: Config, client: Client, onProgress: (message: string) => void) {
  const { agents } = await client.getSystem();
  const isThere = agents.some((agent) => agent.name === 'demo' && agent.available);
  return createDemo({
    client,
    home: config.home,
    agent: isThere ? 'demo' : 'demo-command',
    searchPath: config.userEnv.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    onProgress,
  });
}

async function initRepository(config: Config, { cwd, ...options }: { cwd: string; dryRun: boolean; force: boolean }) {
  setGitUserEnvironment(config.userEnv);
  const { path: root } = await inspectRepository(cwd);
  return writeStarterSet({ ...options, root, testCommand: await detectTestCommand(root) });
}

/** What was written to a pipe is not lost by the exit. */
async function drain(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
  );
}
