/**
 * Before a tool runs: refuses what policy.ts refuses. Fails closed: where it cannot decide, the tool does not run, and the
 * agent is told why.
 */
import { tmpdir } from 'node:os';
import { refusalOf } from './policy.ts';
import { type HookInput, isInSentra, readInput, report } from './sentra.ts';

try {
  const input = await readInput();
  const reason = refusalOf({ tool: input.tool_name ?? '', input: input.tool_input }, groundOf(input));
  if (reason !== undefined) {
    await report('security', input, { decision: 'deny', reason });
    refuse(reason);
  }
} catch (e) {
  refuse(`The security hook of this repository failed, so the tool did not run: ${e instanceof Error ? e.message : e}`);
}

function groundOf({ cwd }: HookInput) {
  // An agent of Sentra has a home of its own; a person's home is theirs.
  const home = isInSentra && process.env.HOME ? [process.env.HOME] : [];
  return { root: process.env.CLAUDE_PROJECT_DIR ?? cwd, writable: ['/tmp', tmpdir(), ...home] };
}

/** Exit code 2: the tool does not run, and the agent reads standard error. */
function refuse(reason: string): never {
  console.error(reason);
  process.exit(2);
}
