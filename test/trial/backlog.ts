/** What a trial asks for: the demo's repository and three further ones, two tasks each. What shows that a task is done no agent ever sees. */
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { makeDemoRepository } from '#src/demo/repository.ts';
import { demoTasks } from '#src/demo/tasks.ts';
import type { TaskType } from '#src/domain/task.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';

export type TrialTask = {
  title: string;
  description: string;
  type: TaskType;
  /** A program that ends with 0 where the task is done; its file is in `acceptance/`. */
  accept: { program: readonly string[]; file: string };
};
export type TrialRepository = {
  name: string;
  /** Of the programs that its tests need, one that not every host has. */
  needs?: string;
  tasks: readonly TrialTask[];
  /** Makes it anew, with `agent` for all of its phases; answers where. */
  make(agent: string): Promise<string>;
};

const node = (file: string) => ({ program: ['node', '--test'], file });
const python = (file: string) => ({ program: ['python3'], file });

const ofDemo = (key: string, file: string): TrialTask => {
  const found = demoTasks.find((task) => task.key === key);
  if (!found) throw new Error(`the demo has no task ${key}`);
  const { title, description = '', type = 'feature' } = found;
  return { title, description, type, accept: node(file) };
};

const fromFolder = (name: string, test: string) => async (agent: string) => {
  const { path: place } = makeRepository({ config: { test, agents: { default: agent } } });
  cpSync(path.join(import.meta.dirname, 'repositories', name), place, { recursive: true });
  git(place, 'add', '-A');
  git(place, 'commit', '-q', '-m', `Begin ${name}`);
  return place;
};

export const trialRepositories: readonly TrialRepository[] = [
  {
    name: 'harbor',
    make: async (agent) => (await makeDemoRepository(makeFolder('trial'), agent, process.env.PATH ?? '')).path,
    tasks: [ofDemo('started-hour', 'harbor-hours.mjs'), ofDemo('tide', 'harbor-tide.mjs')],
  },
  {
    name: 'ledger',
    make: fromFolder('ledger', 'npm test'),
    tasks: [
      {
        title: 'Balances drift by fractions of a cent',
        description: 'The balance of ten entries of 0.10 is 0.9999999999999999. A balance must be exact to the cent.',
        type: 'bug',
        accept: node('ledger-drift.mjs'),
      },
      {
        title: 'Read entries from CSV',
        description:
          'Add `parseEntries(text)` to src/ledger.ts, which answers entries. The first line names the columns `account` and `amount`, in either order. Fields may be quoted: then they may hold commas, and two quotes stand for one. Lines end with LF or CRLF, empty ones are left out. An amount that is missing or no number throws an error that names the number of its line; the first line of the text is line 1, and empty lines count.',
        type: 'feature',
        accept: node('ledger-csv.mjs'),
      },
    ],
  },
  {
    name: 'slugs',
    needs: 'python3',
    make: fromFolder('slugs', 'python3 -m unittest'),
    tasks: [
      {
        title: 'Slugs lose their accented letters',
        description:
          '"Crème Brûlée" becomes "cr-me-br-l-e"; it should be "creme-brulee". And no slug should begin or end with a dash, as that of "Hello, world!" does today; one of nothing but signs is empty.',
        type: 'bug',
        accept: python('slugs-accents.py'),
      },
      {
        title: 'Never give out a slug twice',
        description:
          'Add a class `Slugs` to slugs.py. Its method `take(title)` answers a slug that this object has not given out before: the plain one, else the first of -2, -3 and so on that is free. A plain slug may look like a counted one ("A Day 2"), and then that is taken too. Where nothing of a title is left it is "untitled".',
        type: 'feature',
        accept: python('slugs-unique.py'),
      },
    ],
  },
  {
    name: 'crew',
    make: fromFolder('crew', 'npm test'),
    tasks: [
      {
        title: 'Limit how many jobs run at once',
        description:
          'Give `runAll` a second argument `{ limit }`: no more jobs than that are at work at once, the next begins when one ends, results keep the order of the jobs. Without a limit all begin at once, as now. When a job fails, `runAll` fails with its error and begins no further job.',
        type: 'feature',
        accept: node('crew-limit.mjs'),
      },
      {
        title: 'retry runs a job once too often and hides why it failed',
        description:
          '`retry(job, 3)` runs a job that always fails four times; it should be three. The error at the end should be an AggregateError with the errors of all tries in their order.',
        type: 'bug',
        accept: node('crew-retry.mjs'),
      },
    ],
  },
];

/** Whether this host has the programs that a repository's tests need. */
export function canRun({ needs }: TrialRepository): boolean {
  if (!needs) return true;
  try {
    execFileSync(needs, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
