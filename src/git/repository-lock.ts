/**
 * One at a time per repository, among this process and others, on this machine and on others that share the disk: git itself loses
 * races when worktrees are added, removed or pruned and branches deleted at once. The lock is a folder `sentra.lock` with one
 * file in it, named for this very taking, that tells the owner and whose date is its pulse. Both halves are atomic: a full folder cannot be renamed
 * onto another full one, and who takes over from the dead deletes exactly that file, never one that came after it.
 */
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SentraError } from '#src/errors.ts';
import { isAlive, LockOwner, ownIdentity } from '#src/git/lock-owner.ts';

const pulseMs = 1_000;
/** Without a pulse for so long, an owner on another machine is dead. */
const silenceMs = 6_000;
/** For so long one and the same taking is waited for. */
const patienceMs = 120_000;
const abandonedMs = 60 * 60_000;
const swept = new Set<string>();
const tails = new Map<string, Promise<unknown>>();

export const withRepositoryLock = <T>(gitDir: string, act: () => Promise<T>): Promise<T> =>
  inTurn(gitDir, () => locked(gitDir, act));

/** One after the other for the same key, in this process only. Not to be called again for the key from within. */
export async function inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve();
  const mine = before.then(act);
  const tail = mine.catch(() => {});
  tails.set(key, tail);
  try {
    return await mine;
  } finally {
    if (tails.get(key) === tail) tails.delete(key);
  }
}

async function locked<T>(gitDir: string, act: () => Promise<T>): Promise<T> {
  const folder = join(gitDir, 'sentra.lock');
  const name = crypto.randomUUID();
  const draft = `${folder}.${name}`;
  const missing = () => new SentraError('repository_missing', `The repository at ${gitDir} is not there any more.`);
  await mkdir(draft).catch((e) => {
    throw e.code === 'ENOENT' ? missing() : e;
  });
  try {
    await writeFile(join(draft, name), JSON.stringify(ownIdentity()));
    await take(folder, draft);
  } catch (e) {
    await rm(draft, { recursive: true, force: true });
    throw e;
  }
  const file = join(folder, name);
  const pulse = setInterval(() => void beat(file), pulseMs).unref();
  try {
    await sweepOnce(gitDir);
    return await act();
  } finally {
    clearInterval(pulse);
    await unlink(file).catch(() => {}); // another one took it for dead: it is theirs now
    await rmdir(folder).catch(() => {}); // the next one was quicker
  }
}

const beat = (file: string) => utimes(file, new Date(), new Date()).catch(() => {}); // as above

async function take(folder: string, draft: string): Promise<void> {
  let seen: Pulse = { name: '', beat: '' };
  let [sinceTaking, sinceBeat] = [Date.now(), Date.now()];
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 1.5, 100)) {
    const refused = await rename(draft, folder).catch((e: NodeJS.ErrnoException) => e);
    if (!refused) return;
    if (refused.code !== 'ENOTEMPTY' && refused.code !== 'EEXIST') throw refused;
    const now = await readPulse(folder);
    if (now.name !== seen.name) sinceTaking = Date.now();
    if (now.name !== seen.name || now.beat !== seen.beat) sinceBeat = Date.now();
    seen = now;
    const owner = await readOwner(folder, now.name);
    const life = owner && isAlive(owner);
    if (life === false || (life === undefined && Date.now() - sinceBeat > silenceMs))
      await unlink(join(folder, now.name)).catch(() => {}); // gone already: try again
    else if (Date.now() - sinceTaking > patienceMs) throw kept(folder, owner);
    else await delay(waitMs * (0.5 + Math.random()));
  }
}

/** What waited for the lock and was killed left its half-made taking behind. */
async function sweepOnce(gitDir: string): Promise<void> {
  if (swept.has(gitDir)) return;
  swept.add(gitDir);
  for (const entry of (await readdir(gitDir)).filter((one) => one.startsWith('sentra.lock.'))) {
    const draft = join(gitDir, entry);
    const owner = await readOwner(draft, entry.slice('sentra.lock.'.length));
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Date.now() }));
    if (owner ? isAlive(owner) === false : Date.now() - mtimeMs > abandonedMs)
      await rm(draft, { recursive: true, force: true });
  }
}

type Pulse = { name: string; beat: string };

async function readPulse(folder: string): Promise<Pulse> {
  const [name = ''] = await readdir(folder).catch(() => []);
  const found = name ? await stat(join(folder, name), { bigint: true }).catch(() => null) : null;
  return { name, beat: String(found?.mtimeNs ?? '') };
}

async function readOwner(folder: string, name: string): Promise<LockOwner | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  const read = LockOwner.safeParse(parse(text));
  return read.success ? read.data : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // its owner's disk was full, or it is not ours: its pulse must tell
  }
}

const kept = (folder: string, owner: LockOwner | undefined) =>
  new SentraError(
    'timed_out',
    `${owner ? `Process ${owner.pid} of ${owner.place.split(' ')[0]}` : 'Another process'} keeps ${folder}. End it, then try again.`,
  );
