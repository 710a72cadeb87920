/** A test agent on the protocol's own library, in a folder of its own with all that it imports: rooms need not see the checkout. */
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AcpAgent } from '#src/agents/acp.ts';

const root = join(import.meta.dirname, '../..');
const libraries = ['@agentclientprotocol/sdk', 'zod'];

export async function installAcpAgent() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'sentra-acp-')));
  const script = join(folder, 'acp-agent.mjs');
  await cp(join(root, 'test/fixtures/agents/acp-agent.mjs'), script);
  for (const name of libraries)
    await cp(join(root, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  const agent = (behaviour: string, word = '', more: Partial<AcpAgent> = {}): AcpAgent => ({
    command: ['node', script, behaviour, word],
    env: {},
    login: { variables: [], files: [] },
    ...more,
  });
  return { agent, remove: () => rm(folder, { recursive: true, force: true }) };
}
