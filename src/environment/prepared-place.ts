/** Where prepared dependencies are kept and used, and the host's own tools that handle whole trees at once. */
import { SentraError } from '#src/errors.ts';
import { run } from '#src/process.ts';

export type PreparedPlace = {
  worktreePath: string;
  /** Where prepared trees are kept. No room may see it. */
  folder: string;
  /** The room's private home: some installers leave what they fetched there. */
  homePath: string;
  /** The PATH that the installer has, and the tools for trees. */
  searchPath: string;
  signal?: AbortSignal;
};

const timeoutMs = 10 * 60_000;
const keepBytes = 256 * 1024 * 1024; // a list of all files of a tree is read to its end

type Hand = Pick<PreparedPlace, 'searchPath' | 'signal'> & { /** What it reads. */ input?: string };

/** Runs one of find, cp, du, sh on trees that nothing else works on; answers what it wrote. */
export async function tool(
  { searchPath, signal, input }: Hand,
  [command = '', ...args]: readonly string[],
  cwd: string,
): Promise<Buffer> {
  const env = { PATH: searchPath, LC_ALL: 'C' };
  const options = { timeoutMs, keepBytes, signal, input };
  const { exitCode, stdout, stderr } = await run({ command, args, cwd, env }, options);
  signal?.throwIfAborted();
  if (exitCode === 0) return stdout;
  const why = stderr.toString('utf8').trim().split('\n').at(-1) ?? '';
  throw new SentraError('storage_unwritable', `${command} failed in ${cwd} (${exitCode ?? 'killed'}): ${why}`);
}
