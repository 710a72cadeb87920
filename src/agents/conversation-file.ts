/** Agents that keep each conversation in a file of their home, named after it. */
import { glob } from 'node:fs/promises';

/** `folder`: a glob in the agent's home. What an agent calls a conversation is its word, so only what can be a name is looked for. */
export async function keepsConversation(homePath: string, folder: string, name: string): Promise<boolean> {
  if (!/^[\w-]+$/.test(name)) return false;
  for await (const _ of glob(`${folder}*${name}.jsonl`, { cwd: homePath })) return true;
  return false;
}
