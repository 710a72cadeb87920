import { runCli } from '#src/cli/main.ts';
import type { CliParts } from '#src/cli/parts.ts';
import { createClient } from '#src/client/client.ts';
import { contractApi, type Handlers } from './contract-api.ts';

export type CliResult = { code: number; out: string; err: string; json: () => unknown };

/** Runs one command against an API made of a test's functions, as someone in `cwd` without a terminal would. */
export async function cli(
  argv: readonly string[],
  handlers: Handlers,
  change: Partial<CliParts> = {},
): Promise<CliResult> {
  let out = '';
  let err = '';
  const absent = () => Promise.reject(new Error('this test has no such part'));
  const code = await runCli(argv, {
    version: '1.2.3',
    connection: async () => ({ url: 'http://127.0.0.1:9', token: 'secret' }),
    client: async () => createClient({ url: 'http://sentra.test', token: 'secret', fetch: contractApi(handlers) }),
    start: absent,
    backUp: absent,
    restore: absent,
    doctor: absent,
    init: absent,
    serveMcp: absent,
    demo: absent,
    cwd: '/',
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    signal: new AbortController().signal,
    isTTY: false,
    columns: 100,
    ...change,
  });
  return { code, out, err, json: () => JSON.parse(out) };
}
