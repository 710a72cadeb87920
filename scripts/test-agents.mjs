// Installs real agents into a cache of their own, which no project sees, and runs the contract suite on each of them.
// They weigh 100 to 460 MB each. With names it tries only those: npm run test:agents -- opencode codex
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const cache =
  process.env.SENTRA_AGENTS_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sentra-agents');

/** The versions that docs/agents.md tells the results of. */
const agents = {
  'claude-agent-acp': { package: '@agentclientprotocol/claude-agent-acp', version: '0.100.0' },
  opencode: { package: 'opencode-ai', version: '1.18.33' },
  codex: { package: '@openai/codex', version: '0.169.0' },
  gemini: { package: '@google/gemini-cli', version: '0.61.0' },
  qwen: { package: '@qwen-code/qwen-code', version: '0.24.4' },
};

const names = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(agents);
const unknown = names.filter((name) => !Object.hasOwn(agents, name));
if (unknown.length) fail(`There is no agent ${unknown.join(', ')} here; there are ${Object.keys(agents).join(', ')}.`);
for (const name of names) install(name, agents[name]);
const files = names.map((name) => `test/real-agents/${name}.real.ts`);
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const env = { ...process.env, SENTRA_AGENTS_CACHE: cache };
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.agents.config.ts', ...files], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);

function install(name, { package: packageName, version }) {
  const folder = join(cache, name);
  const installed = join(folder, 'node_modules', packageName, 'package.json');
  if (existsSync(installed) && JSON.parse(readFileSync(installed, 'utf8')).version === version) return;
  console.log(`Installing ${packageName}@${version} into ${folder}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const { status } = spawnSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--save-exact', `${packageName}@${version}`],
    { cwd: folder, stdio: 'inherit' },
  );
  if (status !== 0) fail(`npm could not install ${packageName}@${version}; what it said is above.`);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
