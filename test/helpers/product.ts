/** One command of the program as users run it: a process of its own, on a home. */
import { run } from '#src/process.ts';
import { product, sentraEnv } from './sentra.ts';

export async function runProduct(
  home: string,
  args: readonly string[],
): Promise<{ code: number | null; out: string; err: string }> {
  const command = { command: process.execPath, args: [product, ...args], cwd: '/', env: sentraEnv(home) };
  const { exitCode, stdout, stderr } = await run(command);
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}
