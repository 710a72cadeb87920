// One holder at a time across processes: a file that names its holder. A holder that died, or that is older than any
// install takes (its process number may belong to somebody else by now), is taken over.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const oldestMs = 20 * 60_000;

/** Does the work while holding the lock; waits for another living holder first. */
export async function withLock(file, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder === undefined) continue;
    if (holder.isAlive) {
      if (!told) console.log(`Another start (process ${holder.pid}) is preparing this checkout; waiting for it …`);
      told = true;
    } else takeAway(file, holder.text);
    await wait(holder.isAlive ? 200 : 5);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** The name appears with its content in it, so nobody reads a lock without a holder. */
function take(file) {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, `${process.pid} ${Date.now()}`);
  try {
    fs.linkSync(own, file);
    return true;
  } catch (e) {
    if (e.code !== 'EEXIST') throw e;
    return false;
  } finally {
    fs.rmSync(own);
  }
}

function holderOf(file) {
  try {
    const text = fs.readFileSync(file, 'utf8');
    const [pid, since] = text.split(' ').map(Number);
    return { text, pid, isAlive: isAlive(pid) && Date.now() - since < oldestMs };
  } catch (e) {
    if (e.code !== 'ENOENT') throw e;
    return undefined;
  }
}

/** Several may see the same dead holder: one at a time looks again and removes it, so nobody removes a living one's lock. */
function takeAway(file, seen) {
  const mark = `${file}.takeover`;
  try {
    fs.closeSync(fs.openSync(mark, 'wx'));
  } catch (e) {
    if (e.code !== 'EEXIST') throw e;
    if (Date.now() - (fs.statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 10_000)
      fs.rmSync(mark, { force: true });
    return;
  }
  try {
    if (holderOf(file)?.text === seen) fs.rmSync(file);
  } finally {
    fs.rmSync(mark, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return e.code === 'EPERM';
  }
}
