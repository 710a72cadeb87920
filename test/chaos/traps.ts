/** A Sentra with traps at its failpoints, and what became of them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

/** `error` throws in the step, and after its record cuts every connection to the database. */
export const faults = ['error', 'kill', 'hang'] as const;
export type Fault = (typeof faults)[number];

export type Trapped = {
  sentra: TestSentra;
  /** From the next start on; the points that fired before are forgotten. */
  arm(faults: Readonly<Record<string, Fault>>): void;
  fired(): string[];
  /** Each point that was passed, once, in the order of the first time. */
  passed(): string[];
};

/** Armed with nothing yet. */
export async function startTrapped(env: Record<string, string> = {}): Promise<Trapped> {
  const folder = makeFolder('traps');
  const linesOf = (name: string) =>
    existsSync(path.join(folder, name))
      ? readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean)
      : [];
  const arm = (armed: Readonly<Record<string, Fault>>) => {
    writeFileSync(path.join(folder, 'fired'), '');
    writeFileSync(path.join(folder, 'armed.json'), JSON.stringify(armed));
  };
  arm({});
  const main = path.resolve(import.meta.dirname, 'armed.ts');
  const sentra = await startTestSentra({ main, env: { ...env, SENTRA_TEST_TRAPS: folder } });
  return { sentra, arm, fired: () => linesOf('fired'), passed: () => [...new Set(linesOf('passed'))] };
}
