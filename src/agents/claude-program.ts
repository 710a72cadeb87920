/** Where the Agent SDK and its Claude Code program are installed; both are optional. */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { versionIn } from '#src/agents/program.ts';

const require = createRequire(import.meta.url);
const sdkName = '@anthropic-ai/claude-agent-sdk';

/** The program that the SDK brought for this platform; undefined when it, or the SDK, is not installed. */
export function findClaudeProgram(): string | undefined {
  const platform = `${sdkName}-${process.platform}-${process.arch}`;
  for (const name of [platform, `${platform}-musl`]) {
    const folder = folderOf(name);
    if (!folder) continue;
    const program = ['claude', 'claude.exe'].map((file) => join(folder, file)).find((path) => existsSync(path));
    if (program && folderOf(sdkName)) return realpathSync(program);
  }
  return undefined;
}

/** Of the SDK, which brings its Claude Code with it. */
export function findClaudeVersion(): string | undefined {
  const folder = folderOf(sdkName);
  return folder && versionIn(folder);
}

function folderOf(name: string): string | undefined {
  const places = require.resolve.paths(name) ?? [];
  return places.map((place) => join(place, name)).find((folder) => existsSync(join(folder, 'package.json')));
}

export const loadSdk = () => import('@anthropic-ai/claude-agent-sdk');

export const programFolder = (program: string): string => dirname(program);
