/** The demo's backlog. The titles are what `model-script.json` knows the tasks by. */
import type { z } from 'zod';
import type { BatchTask } from '#src/domain/task.ts';

export type DemoTask = z.input<typeof BatchTask>;

/** Tasks that others wait for merge by themselves, so that the graph goes on; the rest waits for a person. */
export const demoTasks: readonly DemoTask[] = [
  {
    key: 'started-hour',
    title: 'Charge ships by the started hour',
    description: 'A stay of 90 minutes is charged as one and a half hours. The tariff says: every started hour counts.',
    type: 'bug',
    priority: 'high',
    merge: 'auto',
    autoStart: true,
    labels: ['tariff'],
  },
  {
    key: 'waiting-list',
    title: 'Keep a waiting list when the harbor is full',
    description:
      'A ship that finds no berth is forgotten today. Keep the ships that wait, and give a berth that becomes free to the one that waited longest.',
    type: 'feature',
    priority: 'high',
    merge: 'auto',
    autoStart: true,
    labels: ['berths'],
  },
  {
    key: 'tide',
    title: 'Show each high water once',
    description: 'The list of high waters names midnight twice: as hour 0 and as hour 24 of the same day.',
    type: 'bug',
    priority: 'medium',
    autoStart: true,
    labels: ['tide'],
  },
  {
    key: 'report',
    title: 'Print a report of the day',
    description:
      'For the harbor master: each berth with its ship and fee, who waits, and the total of the day, as text.',
    type: 'feature',
    priority: 'medium',
    dependencies: ['started-hour', 'waiting-list'],
    autoStart: true,
  },
  {
    key: 'discount',
    title: 'Give regular visitors a discount',
    description: 'From its fifth visit on a ship pays ten percent less.',
    type: 'feature',
    priority: 'medium',
    dependencies: ['started-hour'],
    autoStart: true,
    labels: ['tariff'],
  },
  {
    key: 'readme',
    title: 'Describe every module in the README',
    description: 'A newcomer should find out from the README which module does what, the waiting list included.',
    type: 'chore',
    priority: 'low',
    dependencies: ['waiting-list'],
    autoStart: true,
    labels: ['documentation'],
  },
];
