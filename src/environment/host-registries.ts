/** The registries that the user of this host has set for package managers: a private one is meant for each project. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { HostRule } from '#src/domain/host-rule.ts';

const variables = [
  ...[
    'npm_config_registry',
    'NPM_CONFIG_REGISTRY',
    'YARN_NPM_REGISTRY_SERVER',
    'PIP_INDEX_URL',
    'UV_INDEX_URL',
    'GOPROXY',
  ],
];

/** `@scope:registry=…` of npm, `index-url = …` of pip, `npmRegistryServer: …` of Yarn. */
const setting = /^\s*(?:(?:@[^:\s]+:)?registry|(?:extra-)?index-url|npmRegistryServer)\s*[=:]\s*"?([^\s"]+)/gim;

/** Rules (domain/host-rule.ts); `env` is what the programs of a project get. */
export function registriesOfHost(env: Readonly<Record<string, string>>, home = homedir()): string[] {
  const files = [
    ...[path.join(home, '.npmrc'), path.join(path.dirname(process.execPath), '..', 'etc', 'npmrc'), '/etc/npmrc'],
    ...[path.join(home, '.config/pip/pip.conf'), path.join(home, '.pip/pip.conf'), '/etc/pip.conf'],
    path.join(home, '.yarnrc.yml'),
  ];
  const written = files.flatMap((file) => [...readText(file).matchAll(setting)].map(([, url = '']) => url));
  const urls = [...variables.flatMap((name) => (env[name] ?? '').split(/[,|]/)), ...written];
  return [...new Set(urls.flatMap(ruleOf))];
}

function ruleOf(url: string): string[] {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return [];
  const { host } = new URL(url);
  return HostRule.safeParse(host).success ? [host] : [];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // most hosts have none
  }
}
