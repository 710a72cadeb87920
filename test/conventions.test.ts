/** The rules that a reader of this project may rely on, kept by looking at the sources. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

type Source = { file: string; text: string };

const root = path.resolve(import.meta.dirname, '..');
const ground = ['domain', 'errors', 'process'];
const level1 = ['store', 'git', 'agents', 'sandbox', 'hooks', 'environment', 'forge', 'telemetry'];
const level3 = ['workflows', 'orchestrator', 'analyst'];
const doors = ['client', 'domain', 'errors'];

/** What each part of `src`, and the page, may import of the others. `compose`, `start`, `open-store`, `doctor`, `program` and `main` may import everything. */
const mayImport: Record<string, readonly string[]> = {
  domain: [],
  errors: [],
  process: ['errors'],
  config: ['domain', 'errors', 'home-path'],
  'home-path': [],
  home: ['domain', 'errors'],
  store: ground,
  git: ground,
  sandbox: ground,
  hooks: ground,
  environment: [...ground, 'sandbox'],
  agents: [...ground, 'sandbox'],
  forge: [...ground, 'git'],
  telemetry: ['domain', 'errors'],
  logs: [...ground, 'store'],
  engine: [...ground, 'store'],
  ...Object.fromEntries(level3.map((part) => [part, [...ground, ...level1, 'engine', 'logs']])),
  orchestrator: [...ground, ...level1, 'engine', 'logs', 'workflows'], // it starts them, and reads settings as they do
  analyst: [...ground, ...level1, 'engine', 'logs', 'workflows', 'orchestrator'], // a proposal becomes tasks there
  server: [...ground, ...level1, 'engine', 'logs', ...level3].filter((part) => part !== 'agents'),
  client: ['domain', 'errors'],
  backlog: ['domain'],
  cli: [...doors, 'backlog'],
  mcp: doors,
  web: [...doors, 'backlog'],
  demo: [...doors, 'process', 'git'],
  backup: [...ground, 'config', 'home', 'open-store', 'store', 'git', 'sandbox'],
};

/** Packages and modules of Node that belong to one place. */
const keptTo: readonly { module: RegExp; place: RegExp; name: string }[] = [
  { module: /^(drizzle-orm|pg)(\/|$)/, place: /^src\/store\//, name: 'src/store' },
  { module: /^@dbos-inc\//, place: /^src\/engine\//, name: 'src/engine' },
  { module: /^(node:)?child_process$/, place: /^src\/process\//, name: 'src/process' },
  { module: /^@anthropic-ai\//, place: /^src\/agents\//, name: 'src/agents' },
  { module: /^papaparse$/, place: /^src\/backlog\//, name: 'src/backlog' },
  { module: /^@octokit\//, place: /^src\/forge\//, name: 'src/forge' },
];

/** A package manager is a word of the trade. */
const vagueName = /(^|-)(utils?|helpers?|common|types?|lib|misc|(?<!^package-)manager|service|handler)$/;
const longestFile = 400;

function check({ file, text }: Source): string[] {
  const code = withoutComments(text);
  const inProduct = file.startsWith('src/') || file.startsWith('web/');
  return [
    ...(text.split('\n').length - 1 > longestFile ? [`${file} has more than ${longestFile} lines`] : []),
    ...(/^\s*(export\s+)?(declare\s+)?(const\s+)?enum\s+\w/m.test(code) ? [`${file} has an enum`] : []),
    ...(file.startsWith('test/') && /\b(it|test|describe)\.(only|skip)\(/.test(code)
      ? [`${file} leaves tests out`]
      : []),
    ...(inProduct ? checkProduct(file, code) : []),
  ];
}

function checkProduct(file: string, code: string): string[] {
  const from = partOf(file);
  const hasRow =
    mayImport[from] !== undefined || ['compose', 'start', 'open-store', 'doctor', 'program', 'main'].includes(from);
  const places = file.startsWith('src/')
    ? file
        .replace(/\.\w+$/, '')
        .split('/')
        .slice(1)
    : [];
  return [
    ...(hasRow ? [] : [`${file}: the import table has no row for ${from}`]),
    ...importsOf(code).flatMap((specifier) => checkImport(file, code, specifier)),
    ...(readsEnvironment(file, code) ? [`${file} reads the environment, which only src/config.ts may`] : []),
    ...(/\barmFailpoints\(/.test(code) && file !== 'src/engine/failpoints.ts' ? [`${file} arms failpoints`] : []),
    ...places.filter((name) => vagueName.test(name)).map((name) => `${file}: "${name}" is no name for a place`),
  ];
}

function checkImport(file: string, code: string, specifier: string): string[] {
  const from = partOf(file);
  const to = targetOf(file, specifier);
  const isPassedOn = specifier === 'pg' && isTypeOnly(code, 'pg');
  const owner = keptTo.find(({ module, place }) => module.test(specifier) && !place.test(file) && !isPassedOn);
  const isForeign = to !== undefined && to !== from && mayImport[from]?.includes(to) === false;
  const isImpure = from === 'domain' && isOutside(specifier) && !isAllowedInDomain(file, specifier);
  return [
    ...(owner ? [`${file} imports ${specifier}, which only ${owner.name} may`] : []),
    ...(isForeign ? [`${file} imports ${specifier}: ${from} may not know ${to}`] : []),
    ...(isImpure ? [`${file} imports ${specifier}: domain is pure`] : []),
  ];
}

/**
 * An `.mjs` in `src` is a program of its own, started in a room, and so are the hooks of `sentra init`: the environment there is made
 * for them.
 */
const readsEnvironment = (file: string, code: string): boolean =>
  !['src/config.ts', 'src/home-path.ts'].includes(file) && // the second is asked before anything else is loaded
  !file.endsWith('.mjs') &&
  !file.startsWith('src/hooks/starter/') &&
  /\bprocess\s*\.\s*env\b|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/.test(code);

/** A connection may be handed on by its type; only the store speaks through it. */
const isTypeOnly = (code: string, module: string): boolean =>
  !new RegExp(`^\\s*import (?!type )[^;]*'${module}'|import\\('${module}'\\)`, 'm').test(code);

function importsOf(code: string): string[] {
  const patterns = [
    /\b(?:import|export)\s+(?:type\s+)?[\w*{][^;'"]*?\bfrom\s*['"]([^'"]+)['"]/g,
    /\bimport\s*['"]([^'"]+)['"]/g,
    /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g,
  ];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
}

const isOutside = (specifier: string): boolean => !specifier.startsWith('#') && !specifier.startsWith('.');

const isAllowedInDomain = (file: string, specifier: string): boolean =>
  specifier === 'zod' || (specifier === 'transliteration' && file === 'src/domain/branch-name.ts');

/** The folder of `src` that a file belongs to, or the name of a file directly in it; `web` for the page. */
function partOf(file: string): string {
  const [top = '', next = ''] = file.split('/');
  return top === 'src' ? next.replace(/\.\w+$/, '') : top;
}

function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#src/')) return partOf(specifier.slice(1));
  return specifier.startsWith('.') ? partOf(path.posix.join(path.posix.dirname(file), specifier)) : undefined;
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

function sourcesIn(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|tsx|mjs|js)$/.test(name) && !name.includes('node_modules'))
      .map((name) => `${folder}/${name}`.split(path.sep).join('/'))
      .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') })),
  );
}

describe('conventions', () => {
  it('hold in every source of the project', () => {
    const problems = sourcesIn('src', 'web', 'test', 'bench', 'scripts', 'bin').flatMap(check);
    expect(problems).toEqual([]);
  });

  it('are not blind: the sources are found', () => {
    expect(sourcesIn('src').map(({ file }) => file)).toContain('src/domain/api/routes.ts');
  });

  it.each([
    ['src/engine/queue.ts', "import { execGit } from '#src/git/exec-git.ts';", 'engine may not know git'],
    ['src/cli/run.ts', "import type { Task } from '../store/tasks.ts';", 'cli may not know store'],
    ['src/server/app.ts', "export * from '#src/agents/claude.ts';", 'server may not know agents'],
    ['src/server/app.ts', "const m = await import('#src/compose.ts');", 'server may not know compose'],
    ['web/main.tsx', "import {\n  a,\n  b,\n} from '../src/engine/engine.ts';", 'web may not know engine'],
    ['src/domain/task.ts', "import fs from 'node:fs';", 'domain is pure'],
    ['src/server/app.ts', "import { sql } from 'drizzle-orm';", 'only src/store may'],
    ['src/compose.ts', "import pg from 'pg';", 'only src/store may'],
    ['src/workflows/run.ts', "import { DBOS } from '@dbos-inc/dbos-sdk';", 'only src/engine may'],
    ['src/git/exec.ts', "import { spawn } from 'child_process';", 'only src/process may'],
    ['src/git/exec.ts', 'const home = process.env.HOME;', 'only src/config.ts may'],
    ['src/domain/state.ts', 'export enum State { A }', 'has an enum'],
    ['src/main.ts', 'armFailpoints(kill);', 'arms failpoints'],
    ['src/git/utils.ts', '', 'is no name for a place'],
    ['src/lib/git.ts', '', 'is no name for a place'],
    ['src/extra/a.ts', '', 'the import table has no row for extra'],
    ['src/git/long.ts', 'x;\n'.repeat(401), 'more than 400 lines'],
    ['test/a.test.ts', ['it', "only('x')"].join('.'), 'leaves tests out'],
    ['test/a.test.ts', ['describe', "skip('x')"].join('.'), 'leaves tests out'],
  ])('would catch a breach in %s: %s', (file, text, problem) => {
    expect(check({ file, text }).join('\n')).toContain(problem);
  });

  it.each([
    ['src/store/tasks.ts', "import { eq } from 'drizzle-orm';\nimport type { Task } from '#src/domain/task.ts';"],
    ['src/compose.ts', "import { createEngine } from '#src/engine/engine.ts';"],
    ['src/engine/engine.ts', "import type pg from 'pg';"],
    ['src/config.ts', 'const home = process.env.SENTRA_HOME;'],
    ['src/git/exec.ts', "// never: import { x } from '#src/engine/engine.ts';\n/* process.env */"],
  ])('let what is allowed in %s pass', (file, text) => {
    expect(check({ file, text })).toEqual([]);
  });
});
