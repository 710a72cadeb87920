/** A host as a room sees it from inside, made anew for each session of attacks: secrets, other tasks, services, victims. */
import { randomBytes, randomInt } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import { signalGroup } from '#src/process/guard.ts';
import { run, start } from '#src/process.ts';
import type { Room } from '#src/sandbox/sandbox.ts';
import { createTestRoom, env, findAlive } from '../room.ts';
import { effectsOf } from './effects.ts';
import { createServices } from './services.ts';

/** Ways to write addresses of this host; the last ones hide them behind the name of a host that may be reached. */
const spellings = [
  ...['127.0.0.1', 'localhost', 'LOCALHOST', 'localhost.', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0'],
  ...['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
  ...['registry.npmjs.org@127.0.0.1', '127.0.0.1\0.registry.npmjs.org', '127.0.0.1%00.registry.npmjs.org'],
];

/** Attacks whose program is to be found afterwards, by its number. */
const stays = [
  'stay by a session of its own',
  'stay by two forks',
  'stay without hearing the end',
  'stay deaf to signals',
];

/** A value of the kernel that root may set. */
const sysFile =
  ['/sys/fs/cgroup/cgroup.procs', '/sys/fs/cgroup/memory/cgroup.procs', '/sys/power/state'].find(existsSync) ?? '';

export async function createWorld() {
  const canary = `canary${randomBytes(8).toString('hex')}`;
  const undo: (() => unknown)[] = [];
  const place = await createTestRoom();
  undo.push(place.remove);
  const files = plantFiles(place, canary, undo);
  const services = createServices(canary);
  undo.push(services.close);
  const net = await openServices(services, place.stateDir, canary);
  const victims = startVictims(place.stateDir, canary, undo);
  const key = await plantKey(canary);
  const word = String(randomInt(1e8, 9e8));
  const object = await plantObject(files.main);
  const facts = { canary, ...files, ...net, victim: victims.pids, key, word, object, hostName: hostname(), sysFile };
  const factsPath = path.join(place.room.worktreePath, 'facts.json');
  const probes = path.join(place.room.worktreePath, 'probes.mjs');
  copyFileSync(path.join(import.meta.dirname, 'probes.mjs'), probes);
  return {
    canary,
    stateDir: place.stateDir,
    room: place.room as Omit<Room, 'network'>,
    command: (proxy: object) => {
      writeFileSync(factsPath, JSON.stringify({ ...facts, proxy }));
      return [process.execPath, probes, factsPath] as const;
    },
    carelessProxy: net.carelessProxy,
    /** What an attack came to, told by its words or by what is left of its victim. */
    succeeded: async (name: string, words: string): Promise<boolean> => {
      const isDone = effectsOf(facts, victims.killed)[name];
      if (isDone) return isDone();
      const stay = stays.indexOf(name);
      if (stay >= 0) return (await findAlive(`600.${word}${stay + 1}`)).length > 0;
      return words.includes(canary) && !words.startsWith('failed:');
    },
    async close() {
      for (const pid of await findAlive(`600.${word}`)) process.kill(pid, 'SIGKILL');
      for (const one of undo.reverse()) await one();
    },
  };
}

type Place = Awaited<ReturnType<typeof createTestRoom>>;

function plantFiles({ folder, stateDir, room }: Place, canary: string, undo: (() => unknown)[]) {
  const main = room.repositoryPath ?? '';
  const other = path.join(main, '.sentra/worktrees/task-2');
  const home = mkdtempSync(path.join(homedir(), '.sentra-test-'));
  const at = (place: string) => path.join(place, `sentra-test-${canary}`);
  const isRoot = process.getuid?.() === 0;
  const run = isRoot ? '/run' : folder;
  const scratch = {
    tmp: at('/tmp'),
    varTmp: at('/var/tmp'),
    shm: at('/dev/shm'),
    run: at(run),
    etc: at('/etc'),
    bin: at('/usr/local/bin'),
  };
  const put = (file: string) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, canary);
  };
  for (const file of ['.ssh/id_ed25519', '.aws/credentials', '.bashrc']) put(path.join(home, file));
  for (const file of ['token', 'homes/task-2/note']) put(path.join(stateDir, file));
  for (const file of [scratch.tmp, scratch.varTmp, scratch.shm, scratch.run]) put(file);
  for (const file of [path.join(other, 'secret.txt'), path.join(main, '.env'), path.join(main, 'hard.txt')]) put(file);
  const left = Object.values(scratch).flatMap((file) => [file, `${file}-written`, `${file}-remounted`]);
  undo.push(() => [home, ...left].map((file) => rmSync(file, { recursive: true, force: true })));
  const git = room.gitDir ?? '';
  return {
    home,
    state: stateDir,
    other,
    main,
    git,
    admin: path.join(git, 'worktrees/task-1'),
    worktree: room.worktreePath,
    scratch,
  };
}

async function openServices(
  { listen, resolver, carelessProxy }: ReturnType<typeof createServices>,
  stateDir: string,
  canary: string,
) {
  const api = await listen({ host: '127.0.0.1', port: 0 });
  await listen({ host: '::1', port: api });
  const sockets = {
    database: path.join(stateDir, '.s.PGSQL.5432'),
    docker: path.join(stateDir, 'docker.sock'),
    otherProxy: path.join(stateDir, 'proxy-of-another-room.sock'),
    abstract: `sentra-test-${canary}`,
  };
  for (const name of ['database', 'docker', 'otherProxy'] as const) await listen({ path: sockets[name] });
  await listen({ path: `\0${sockets.abstract}` });
  const mine = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const ports = {
    ...{ api, api6: api, database: await listen({ host: '127.0.0.1', port: 0 }) },
    ...{
      otherTask: await listen({ host: '127.0.0.1', port: 0 }),
      everywhere: await listen({ host: '0.0.0.0', port: 0 }),
    },
    dns: await resolver(),
  };
  const address = mine.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
  const unlisted = 'exfiltration.example';
  const reaches = { [unlisted]: '127.0.0.1', [address]: '127.0.0.1', [hostname()]: '127.0.0.1' };
  return { ports, sockets, address, unlisted, spellings, carelessProxy: () => carelessProxy(reaches) };
}

/** Programs of the host with a secret in their environment and an open file, and one with it in its arguments. */
function startVictims(stateDir: string, canary: string, undo: (() => unknown)[]) {
  const sleep = () => {
    const args = ['-c', 'exec sleep 600 <token'];
    return start({ command: '/bin/sh', args, cwd: stateDir, env: { ...env, SECRET: canary } });
  };
  const [holder, traced, killed] = [sleep(), sleep(), sleep()];
  const shell = start({ command: '/bin/sh', args: ['-c', 'sleep 600; :', canary], cwd: stateDir, env });
  for (const child of [holder, traced, killed, shell]) undo.push(() => child.pid && signalGroup(child.pid, 'SIGKILL'));
  return { pids: { pid: holder.pid, traced: traced.pid, killed: killed.pid }, killed: killed.pid ?? 0 };
}

/** In the keyring of the user, which is in no namespace; for a minute. */
async function plantKey(canary: string): Promise<string> {
  const name = `sentra-test-${canary}`;
  const [add, control] = process.arch === 'arm64' ? [217, 219] : [248, 250];
  const code = `my ($t, $n, $v) = ("user\\0", "${name}\\0", "${canary}"); my $id = syscall(${add}, $t, $n, $v, length $v, -4); syscall(${control}, 15, $id, 60)`;
  await run({ command: 'perl', args: ['-e', code], cwd: '/', env });
  return name;
}

/** One that nothing leads to. */
async function plantObject(main: string): Promise<string> {
  const made = await run(
    { command: 'git', args: ['hash-object', '-w', '--stdin'], cwd: main, env },
    { input: 'nobody needs it' },
  );
  const id = made.stdout.toString().trim();
  return `${id.slice(0, 2)}/${id.slice(2)}`;
}
