/**
 * What the hooks of this folder share: reading what Claude Code hands them, and talking to Sentra. Sentra gives its agents
 * SENTRA_HOOK_SOCKET and SENTRA_HOOK_TOKEN; where a person runs Claude Code by hand there is none, and nothing is told.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** As https://code.claude.com/docs/en/hooks describes it; what a point does not have is absent. */
export type HookInput = {
  hook_event_name: string;
  cwd: string;
  session_id?: string;
  tool_name?: string;
  tool_input?: unknown;
  tool_use_id?: string;
  source?: string;
  reason?: string;
  stop_hook_active?: boolean;
};

export const readInput = async (): Promise<HookInput> => JSON.parse(await text(process.stdin));

const socketPath = process.env.SENTRA_HOOK_SOCKET;
const longestMs = 2000;

/** Whether Sentra started this agent. */
export const isInSentra = socketPath !== undefined && socketPath !== '';

/** Asks Sentra; undefined where there is none. Throws when it does not answer in time, or refuses. */
export async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T | undefined> {
  if (!isInSentra) return undefined;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const headers = {
    authorization: `Bearer ${process.env.SENTRA_HOOK_TOKEN ?? ''}`,
    'content-type': 'application/json',
  };
  const call = request({ socketPath, path, method, headers, timeout: longestMs }, async (answer) => {
    const said = await text(answer);
    if (answer.statusCode === 200) resolve(JSON.parse(said));
    else reject(new Error(`Sentra answered ${answer.statusCode}: ${said.slice(0, 200)}`));
  });
  call.on('timeout', () => call.destroy(new Error(`Sentra did not answer within ${longestMs} ms`)));
  call.on('error', reject);
  call.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** Tells Sentra what happened. What cannot be told is said on stderr, and stops nobody. */
export async function report(hook: string, input: HookInput, more: { decision?: string; reason?: string } = {}) {
  const told = { event: input.hook_event_name, hook, tool: input.tool_name, callId: input.tool_use_id };
  try {
    await ask('POST', '/events', { ...told, input: summaryOf(input), ...more });
  } catch (e) {
    console.error(`The hook ${hook} could not tell Sentra: ${e instanceof Error ? e.message : e}`);
  }
}

function summaryOf({ tool_input, source, reason }: HookInput): string | undefined {
  const fields = (tool_input ?? {}) as Record<string, unknown>;
  const names = ['command', 'file_path', 'notebook_path', 'pattern', 'url', 'query', 'description'];
  const found = names.map((name) => fields[name]).find((value) => typeof value === 'string');
  return String(found ?? source ?? reason ?? '').split('\n')[0] || undefined;
}

/** The one answer of a hook: JSON on standard output. */
export const answer = (output: object): void => console.log(JSON.stringify(output));
