// The program of survey.ts: reads folders from its input, writes what they take. Links are not followed.
import { lstatSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { text } from 'node:stream/consumers';

const { folders, counted } = JSON.parse(await text(process.stdin));
os.setPriority(os.constants.priority.PRIORITY_LOW);

const seen = new Set();
const cached = new Set();
const answer = {};
let sharedOnce = 0;
for (const folder of counted) answer[folder] = measure(folder, cached);
for (const folder of folders) answer[folder] = measure(folder);
process.stdout.write(JSON.stringify({ folders: answer, sharedOnce }));

/** `into`: where the files with several names are kept, to know them again. */
function measure(root, into) {
  const first = look(root);
  if (!first) return null;
  let own = first.blocks * 512;
  let shared = 0;
  const linked = new Map();
  const open = first.isDirectory() ? [root] : [];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop())
    for (const name of namesIn(folder)) {
      const file = `${folder}/${name}`;
      const found = look(file);
      if (!found) continue;
      const bytes = found.blocks * 512;
      if (found.isDirectory()) open.push(file);
      if (found.isDirectory() || found.nlink === 1) own += bytes;
      else {
        const inode = `${found.dev}:${found.ino}`;
        const one = linked.get(inode);
        if (one) one.left -= 1;
        else linked.set(inode, { bytes, left: found.nlink - 1 });
      }
    }
  for (const [inode, { bytes, left }] of linked) {
    into?.add(inode);
    if (left <= 0 || into) own += bytes;
    else {
      shared += bytes;
      if (!seen.has(inode) && !cached.has(inode)) sharedOnce += bytes;
      seen.add(inode);
    }
  }
  return { own, shared };
}

function look(file) {
  try {
    return lstatSync(file);
  } catch {
    return undefined; // it went meanwhile, or may not be seen
  }
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it went meanwhile, or may not be seen
  }
}
