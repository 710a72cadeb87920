import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';

export type BulkState = {
  /** What is done, for people: `Retry`. */
  label: string;
  done: number;
  total: number;
  failures: { task: Task; message: string }[];
};

const atOnce = 6;

/** Does one thing with many tasks, a few at a time; one that is refused stops no other. */
export function useBulk() {
  const queryClient = useQueryClient();
  const [state, setState] = useState<BulkState>();
  const isBusy = useRef(false);
  const run = async (label: string, tasks: readonly Task[], work: (task: Task) => Promise<unknown>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    const failures: BulkState['failures'] = [];
    const left = [...tasks];
    let done = 0;
    const tell = () => setState({ label, done, total: tasks.length, failures: [...failures] });
    tell();
    const worker = async () => {
      for (let task = left.shift(); task; task = left.shift()) {
        await work(task).catch((e) => failures.push({ task, message: messageOf(e) }));
        done++;
        tell();
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, tasks.length) }, worker));
    isBusy.current = false;
    await queryClient.invalidateQueries({ queryKey: ['tasks'] });
  };
  return { state, run, clear: () => setState(undefined) };
}
