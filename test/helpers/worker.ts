/** A worker of its own on the home of a test's Sentra, with a short lease unless it is of another build. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { sentraEnv, type TestSentra, until } from './sentra.ts';

/** The build of the program that has the short lease; also for `startTestSentra`. */
export const shortLease = path.resolve(import.meta.dirname, '../chaos/short-lease.ts');

export type TestWorker = {
  id: string;
  child: ChildProcess;
  output(): string;
  end(signal: NodeJS.Signals): Promise<void>;
};

export async function startWorker(
  { home }: Pick<TestSentra, 'home'>,
  { env = {}, main = shortLease }: { env?: Record<string, string>; main?: string } = {},
): Promise<TestWorker> {
  let output = '';
  const child = spawn(process.execPath, [main, 'worker'], {
    env: sentraEnv(home, { SENTRA_SLOTS: '2', ...env }),
    stdio: 'pipe',
    cwd: home,
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  const gone = new Promise<void>((done) => child.once('close', () => done()));
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  await until(
    () => / is at work/.test(output) || isOver(),
    60_000,
    () => `no worker:\n${output}`,
  );
  const id = /(worker-\w+) is at work/.exec(output)?.[1];
  const end = async (signal: NodeJS.Signals) => {
    if (!isOver()) child.kill(signal);
    await gone;
  };
  if (id) return { id, child, output: () => output, end };
  await end('SIGKILL');
  throw new Error(`The worker did not start:\n${output}`);
}
