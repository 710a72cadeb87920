/**
 * The tools of the host that a room needs although they lie in the user's home, which rooms do not see: package managers
 * installed by nvm and its like, and certificates. Programs only, never a folder that may hold settings or keys.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

const tools = ['npm', 'npx', 'pnpm', 'yarn', 'bun', 'uv', 'go', 'cargo'];
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
  return [...new Set([...programs.flatMap(needsOf), ...certificates.filter((place) => existsSync(place))])];
}

/** The folder with the link, and the package or program that it leads to. */
function needsOf(program: string): string[] {
  const real = realpathSync(program);
  const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(real)?.[0];
  return [path.dirname(program), packageFolder ?? real];
}

const isWithin = (place: string, folder: string): boolean => place.startsWith(`${folder}${path.sep}`);
