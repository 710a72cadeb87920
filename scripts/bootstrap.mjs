// Makes this checkout ready: node_modules as package-lock.json says, then what the options ask for.
//   --web      builds the page when its sources changed      --host     bubblewrap, through apt-get where we may
//   --browser  Chromium for the tests, likewise       --managers pnpm, yarn and bun for the tests
// Plain JavaScript without dependencies, for any Node from 20: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...names) => path.join(root, ...names);
// npm puts node_modules/.bin first on PATH; an npm started from there would run on a Node that it is about to delete.
const hostPath = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(path.delimiter);

class Stop extends Error {}

try {
  await bootstrap(new Set(process.argv.slice(2)));
} catch (e) {
  if (!(e instanceof Stop)) throw e;
  console.error(`\n${e.message}`);
  process.exitCode = 1;
}

async function bootstrap(options) {
  checkHost();
  const wanted = dependencyHash();
  const isReady = () => read(at('node_modules/.sentra-stamp')) === wanted;
  const page = () => (options.has('--web') ? webHash(wanted) : undefined);
  const isBuilt = () => page() === undefined || read(at('dist/.stamp')) === page();
  if (!isReady() || !isBuilt())
    await withLock(at('.data/bootstrap.lock'), async () => {
      if (!isReady()) await installDependencies(wanted);
      if (!isBuilt()) await buildPage(page());
    });
  if (options.has('--host')) await hostPackage('bubblewrap', ['bwrap'], 'agents and tests run confined');
  const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  if (options.has('--managers')) await fetchManagers();
  if (options.has('--browser')) await hostPackage('chromium', browsers, 'the tests of the page run');
}

function checkHost() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) throw new Stop(`Sentra needs Node 20 or newer; this is ${process.versions.node}.`);
  const brings = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!process.features.typescript && !brings)
    throw new Stop(
      `Sentra brings its own Node 24 only on Linux (x64, arm64). On ${process.platform} ${process.arch} it needs Node 22.18 ` +
        `or newer; this is ${process.versions.node}. Install Node 24 (https://nodejs.org or "nvm install 24") and run this again.`,
    );
  if (!find(['git']))
    throw new Stop('git was not found on PATH. Install it (Debian: apt-get install git) and run this again.');
}

async function installDependencies(wanted) {
  if (!find(['npm'])) throw new Stop('npm was not found on PATH. Install Node with npm and run this again.');
  console.log('Installing dependencies (npm ci; about half a minute) …');
  const began = Date.now();
  fs.rmSync(at('node_modules/.sentra-stamp'), { force: true });
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional', '--loglevel=error'];
  const status = await run('npm', args, { ...process.env, PATH: hostPath });
  if (status !== 0)
    throw new Stop(`npm ci failed (exit ${status}). Its messages are above; run this again once they are settled.`);
  fs.writeFileSync(at('node_modules/.sentra-stamp'), wanted);
  console.log(`Dependencies installed in ${seconds(began)}.`);
}

async function buildPage(wanted) {
  console.log('Building the page …');
  const began = Date.now();
  const own = at('node_modules/.bin/node');
  const node = fs.existsSync(own) ? own : process.execPath;
  const status = await run(node, [at('node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'], process.env);
  if (status !== 0) throw new Stop(`The page could not be built (vite build, exit ${status}).`);
  fs.writeFileSync(at('dist/.stamp'), wanted);
  console.log(`Page built in ${seconds(began)}.`);
}

/** Into a folder of their own: who only starts Sentra does not need them. Without them their tests are left out, aloud. */
async function fetchManagers() {
  const [from, to] = [at('test/managers'), at('.data/managers')];
  const lock = read(path.join(from, 'package-lock.json')) ?? '';
  const stamp = path.join(to, '.stamp');
  if (read(stamp) === lock) return;
  await withLock(at('.data/managers.lock'), async () => {
    if (read(stamp) === lock) return;
    console.log('Fetching the package managers that tests install with …');
    fs.rmSync(to, { recursive: true, force: true });
    fs.mkdirSync(to, { recursive: true });
    for (const name of ['package.json', 'package-lock.json'])
      fs.copyFileSync(path.join(from, name), path.join(to, name));
    // Not `ci`: it asks for the programs of foreign systems, which not every registry has.
    const args = ['install', '--prefix', to, '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    const status = await run('npm', args, { ...process.env, PATH: hostPath });
    if (status === 0) fs.writeFileSync(stamp, lock);
    else
      console.warn('Warning: pnpm, yarn and bun could not be fetched; the tests that install with them are left out.');
  });
}

/** Installs a Debian package where we are root on Debian or Ubuntu, else says once how to. Never fails the start. */
async function hostPackage(name, programs, gain) {
  if (process.platform !== 'linux' || find(programs)) return;
  const debian = /^(ID|ID_LIKE)=.*(debian|ubuntu)/m.test(read('/etc/os-release') ?? '') && find(['apt-get']);
  if (!debian || process.getuid() !== 0) return tellOnce(name, debian, gain);
  console.log(`Installing ${name} with apt-get, so that ${gain} …`);
  const began = Date.now();
  const env = { ...process.env, PATH: hostPath, DEBIAN_FRONTEND: 'noninteractive' };
  const settings = [
    '-qq',
    '-o',
    'Acquire::Retries=1',
    '-o',
    'Acquire::http::Timeout=30',
    '-o',
    'DPkg::Lock::Timeout=120',
  ];
  await run('apt-get', [...settings, 'update'], env);
  const status = await run('apt-get', [...settings, 'install', '-y', '--no-install-recommends', name], env, false);
  if (status === 0 && find(programs)) console.log(`${name} installed in ${seconds(began)}.`);
  else
    console.warn(
      `Warning: ${name} could not be installed. Install it yourself (apt-get install ${name}), so that ${gain}.`,
    );
}

function tellOnce(name, debian, gain) {
  const told = at(`.data/told-${name}`);
  if (fs.existsSync(told)) return;
  const how = debian ? `sudo apt-get install ${name}` : `install ${name} with your system's package manager`;
  console.warn(`Note: ${name} is missing: ${how}, so that ${gain}.`);
  fs.mkdirSync(path.dirname(told), { recursive: true });
  fs.writeFileSync(told, '');
}

function dependencyHash() {
  const lock = read(at('package-lock.json'));
  if (lock === undefined) throw new Stop('package-lock.json is missing: check this checkout out again.');
  return createHash('sha256').update(lock).update(process.platform).update(process.arch).digest('hex');
}

function webHash(dependencies) {
  const hash = createHash('sha256').update(dependencies);
  const sources = ['web', 'src/domain', 'src/client', 'src/errors.ts', 'vite.config.ts'].flatMap((name) =>
    files(at(name)),
  );
  for (const file of sources.sort()) hash.update(path.relative(root, file)).update('\0').update(fs.readFileSync(file));
  return hash.digest('hex');
}

function files(place) {
  if (!fs.existsSync(place)) return [];
  if (!fs.statSync(place).isDirectory()) return [place];
  return fs.readdirSync(place).flatMap((name) => files(path.join(place, name)));
}

/** Runs a program and shows what it prints, without the addresses of registries. Answers its exit code. */
function run(program, args, env, showOutput = true) {
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const kept = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      const shown = text.replace(/https?:\/\/[^\s'"]+/g, '<registry>');
      if (showOutput) process.stdout.write(shown);
      else kept.push(shown);
    });
  }
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (status) => {
      if (status !== 0) process.stdout.write(kept.join(''));
      done(status ?? 1);
    });
  });
}

function find(programs) {
  for (const folder of hostPath.split(path.delimiter))
    for (const program of programs)
      if (folder && fs.existsSync(path.join(folder, program))) return path.join(folder, program);
  return undefined;
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (e) {
    if (e.code === 'ENOENT' || e.code === 'ENOTDIR') return undefined;
    throw e;
  }
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}
