/**
 * The tools of the host that a room needs although they lie in the user's home, which rooms do not see: package managers
 * installed by nvm and its like, version managers with what they installed, and certificates. Programs only, never a folder that may hold settings or keys.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

type Env = Readonly<Record<string, string>>;

const tools = ['npm', 'npx', 'pnpm', 'yarn', 'bun', 'uv', 'poetry', 'go', 'cargo', 'rustc'];
export const certificateNames = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'PIP_CERT'],
  ...['GIT_SSL_CAINFO', 'CARGO_HTTP_CAINFO'],
];

/**
 * What stands in a folder of the home and finds its programs there. `root`: below the home, where `variable` names no other place; `parts`:
 * what of it holds programs. It is in use when the search path leads into it, or has one of its `programs`.
 */
type Manager = { root: string; variable?: string; parts: readonly string[]; programs?: readonly string[] };

/** pyenv and those that were made after it. */
const sisters = ['pyenv', 'rbenv', 'nodenv', 'goenv', 'jenv', 'phpenv'].map((name): Manager => {
  const parts = ['bin', 'libexec', 'shims', 'versions', 'version', 'plugins', `${name}.d`];
  return { root: `.${name}`, variable: `${name.toUpperCase()}_ROOT`, parts };
});
const condas = ['miniconda3', 'anaconda3', 'miniforge3', 'mambaforge'].map(
  (root): Manager => ({ root, parts: ['bin', 'lib', 'envs', 'share', 'include', 'ssl', 'conda-meta'] }),
);
const managers: readonly Manager[] = [
  { root: '.rustup', variable: 'RUSTUP_HOME', parts: ['toolchains', 'settings.toml'], programs: ['rustup'] },
  { root: '.asdf', variable: 'ASDF_DATA_DIR', parts: ['bin', 'shims', 'installs', 'plugins', 'lib', 'asdf.sh'] },
  { root: '.local/share/mise', variable: 'MISE_DATA_DIR', parts: ['shims', 'installs', 'plugins'] },
  { root: '.volta', variable: 'VOLTA_HOME', parts: ['bin', 'tools'] },
  { root: '.sdkman', variable: 'SDKMAN_DIR', parts: ['candidates'] },
  { root: '.local/share/uv', parts: ['python', 'tools'], programs: ['uv'] },
  { root: '.local/share/pipx', variable: 'PIPX_HOME', parts: ['venvs'], programs: ['pipx'] },
  ...sisters,
  ...condas,
];
/** Where a manager is, if not at its usual place; and what else the operator lets rooms read. */
export const toolNames = [...managers.flatMap(({ variable }) => variable ?? []), 'SENTRA_TOOLS'];

/** Paths to make readable, each existing. */
export function toolPlaces(env: Env, home: string): string[] {
  const programs = foldersOf(env)
    .filter((folder) => isWithin(folder, home) && !folder.includes('node_modules'))
    .flatMap((folder) => tools.map((tool) => path.join(folder, tool)).filter((file) => existsSync(file)));
  const certificates = certificateNames.flatMap((name) => env[name] ?? []).filter((place) => path.isAbsolute(place));
  const managed = managersInUse(env, home).flatMap(({ root, parts }) => parts.map((part) => path.join(root, part)));
  const named = (env.SENTRA_TOOLS ?? '').split(',').map((place) => place.trim());
  const places = [...certificates, ...managed, ...named].filter((place) => place && existsSync(place));
  return [...new Set([...programs.flatMap(needsOf), ...places])];
}

/** Where managers are, for they look in the home, and a room has another one. */
export const toolVariables = (env: Env, home: string): Record<string, string> =>
  Object.fromEntries(managersInUse(env, home).flatMap(({ variable, root }) => (variable ? [[variable, root]] : [])));

function managersInUse(env: Env, home: string): Manager[] {
  const folders = foldersOf(env);
  const isUsed = ({ root, programs = [] }: Manager) =>
    folders.some((folder) => isWithin(folder, root) || programs.some((name) => existsSync(path.join(folder, name))));
  return managers
    .map((manager) => ({ ...manager, root: env[manager.variable ?? ''] || path.join(home, manager.root) }))
    .filter((manager) => existsSync(manager.root) && isUsed(manager));
}

const foldersOf = ({ PATH = '' }: Env): string[] => PATH.split(':');

/** The folder with the link, and the package, the distribution or the program that it leads to. */
function needsOf(program: string): string[] {
  const real = realpathSync(program);
  const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(real)?.[0];
  const distribution = path.dirname(path.dirname(real));
  const isGo = path.basename(real) === 'go' && existsSync(path.join(distribution, 'pkg', 'tool'));
  return [path.dirname(program), packageFolder ?? (isGo ? distribution : real)];
}

const isWithin = (place: string, folder: string): boolean => place.startsWith(`${folder}${path.sep}`);
