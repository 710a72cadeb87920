/** The processes of this host at one moment. Linux: /proc, read in slices that leave the server its turns; elsewhere one call of `ps`. */
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { run } from '#src/process.ts';

export type Process = {
  pid: number;
  parent: number;
  /** Process group and session: what a parent that ended leaves behind is still known by them. */
  group: number;
  session: number;
  /** With the pid, unlike any other process. */
  startedAt: string;
  /** Processor time of it and of the children that it waited for. */
  cpuSeconds: number;
  /** Memory in RAM, and what of it others may have too; unknown until `withMemory`. */
  resident: number;
  shareable: number;
  /** What `ps` tells of its command and environment. */
  words?: string;
};

const slice = 100;
/** USER_HZ, fixed at 100 for every program on Linux. */
const ticksPerSecond = 100;
const pageBytes = 4096;

export async function listProcesses(): Promise<Process[]> {
  if (process.platform !== 'linux') return parsePs(await askPs());
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: Process[] = [];
  for (const [i, name] of names.entries()) {
    if (i % slice === slice - 1) await nextTurn(); // reading is quick, a thousand of them are not
    const one = parseStat(readText(`/proc/${name}/stat`));
    if (one) found.push(one);
  }
  return found;
}

/** See proc_pid_stat(5). The name may hold spaces and brackets. */
export function parseStat(text: string): Process | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (field: number) => Number(fields[field - 3]); // the third field is the first after the name
  if (fields.length < 20) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    parent: at(4),
    group: at(5),
    session: at(6),
    startedAt: fields[19] ?? '',
    cpuSeconds: (at(14) + at(15) + at(16) + at(17)) / ticksPerSecond,
    resident: 0,
    shareable: 0,
  };
}

const psFields = ['pid', 'ppid', 'pgid', 'sess', 'rss', 'time', 'lstart', 'command'];
/** What stands before the command: six fields, and a date of five words. */
const wordsBefore = 11;

async function askPs(): Promise<string> {
  const args = ['-axEww', '-o', psFields.map((field) => `${field}=`).join(',')];
  const { stdout } = await run({ command: '/bin/ps', args, cwd: '/', env: { LC_ALL: 'C' } }, { timeoutMs: 10_000 });
  return stdout.toString();
}

export const parsePs = (text: string): Process[] =>
  text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [pid = '', parent, group, session = '', kilobytes, time = ''] = words;
    if (words.length <= wordsBefore) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        session: Number.parseInt(session, 16) || 0,
        startedAt: words.slice(6, wordsBefore).join(' '),
        cpuSeconds: secondsOf(time),
        resident: Number(kilobytes) * 1024,
        shareable: 0,
        words: words.slice(wordsBefore).join(' '),
      },
    ];
  });

/** `1-02:03:04`, `2:03.45`. */
function secondsOf(time: string): number {
  const [rest = '0', days = '0'] = time.split('-').reverse();
  return rest.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}

/** Fills in the memory; on Linux it is a file of its own, read only for those that matter. */
export function withMemory(one: Process): Process {
  if (one.words !== undefined) return one;
  const [, resident = 0, shareable = 0] = readText(`/proc/${one.pid}/statm`).split(' ').map(Number);
  return { ...one, resident: resident * pageBytes, shareable: shareable * pageBytes };
}

/** Memory of a tree: what each process has for itself, and once the largest part that it may share with the others. */
export function memoryOf(tree: readonly Process[]): number {
  const own = tree.reduce((sum, { resident, shareable }) => sum + resident - shareable, 0);
  return own + Math.max(0, ...tree.map(({ shareable }) => shareable));
}

/** Its HOME; undefined when it has none, has ended, or is another user's. */
export function homeOf({ pid, words }: Process): string | undefined {
  if (words !== undefined) return / HOME=(\S+)/.exec(words)?.[1];
  return /(?:^|\0)HOME=([^\0]*)/.exec(readText(`/proc/${pid}/environ`))?.[1];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}
