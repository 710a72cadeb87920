/**
 * The tools of the host that a room needs although they lie in the user's home, which rooms do not see: package managers
 * installed by nvm and its like, and certificates. Programs only, never a folder that may hold settings or keys.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

const tools = ['npm', 'npx', 'pnpm', 'yarn', 'bun', 'uv', 'poetry', 'go', 'cargo', 'rustc'];
export const certificateNames = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'PIP_CERT'],
  ...['GIT_SSL_CAINFO', 'CARGO_HTTP_CAINFO'],
];

/** Paths to make readable, each existing. */
export function toolPlaces(env: Readonly<Record<string, string>>, home: string): string[] {
  const folders = (env.PATH ?? '')
    .split(':')
    .filter((folder) => isWithin(folder, home) && !folder.includes('node_modules'));
  const programs = folders.flatMap((folder) =>
    tools.map((tool) => path.join(folder, tool)).filter((file) => existsSync(file)),
  );
  const certificates = certificateNames.flatMap((name) => env[name] ?? []).filter((place) => path.isAbsolute(place));
  const toolchains = Object.values(toolVariables(env, home)).flatMap((folder) =>
    ['toolchains', 'settings.toml'].map((name) => path.join(folder, name)),
  );
  return [
    ...new Set([
      ...programs.flatMap(needsOf),
      ...[...certificates, ...toolchains].filter((place) => existsSync(place)),
    ]),
  ];
}

/** rustup, which stands behind `cargo` and `rustc`, looks for its toolchains in the home; a room has another one. */
export function toolVariables(env: Readonly<Record<string, string>>, home: string): Record<string, string> {
  const place = path.join(home, '.rustup');
  const isUsed = (env.PATH ?? '').split(':').some((folder) => existsSync(path.join(folder, 'rustup')));
  return isUsed && existsSync(place) ? { RUSTUP_HOME: place } : {};
}

/** The folder with the link, and the package or program that it leads to. */
function needsOf(program: string): string[] {
  const real = realpathSync(program);
  const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(real)?.[0];
  return [path.dirname(program), packageFolder ?? real];
}

const isWithin = (place: string, folder: string): boolean => place.startsWith(`${folder}${path.sep}`);
