import { Link } from '@tanstack/react-router';
import { TriangleAlert, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { shortId } from '#src/domain/ids.ts';
import type { Task } from '#src/domain/task.ts';
import { plural } from '../format.ts';
import type { Help } from '../graph.ts';
import { graphTone, graphWords } from './graph-words.ts';
import { TaskDependencies } from './task-dependencies.tsx';

type Props = {
  tasks: ReadonlyMap<string, Task>;
  chain: readonly string[];
  help: readonly Help[];
  selected: Task | undefined;
  /** Of the task that is selected. */
  waiting: number;
};

/** Beside the graph: what holds it up, and the task that is selected. */
export function GraphRail({ tasks, chain, help, selected, waiting }: Props) {
  const known = (ids: readonly string[]) => ids.flatMap((id) => tasks.get(id) ?? []);
  return (
    <aside aria-label="About the graph" className="rail w-80 flex-none overflow-y-auto border-l border-line">
      {selected && <Selected task={selected} waiting={waiting} known={known} />}
      {help.length > 0 && (
        <section>
          <h2>What would help</h2>
          {help.map(({ task, waiting: many }) => (
            <p key={task.id} className="flex gap-2">
              {task.status === 'in_review' ? (
                <UserRound aria-hidden="true" className="mt-0.5 flex-none text-warn" />
              ) : (
                <TriangleAlert aria-hidden="true" className="mt-0.5 flex-none text-err-text" />
              )}
              <span className="min-w-0 wrap-anywhere">
                {task.status === 'in_review' ? 'Review ' : 'Retry, skip or drop '}
                <Pick task={task}>{task.title}</Pick>. {plural(many, 'task waits', 'tasks wait')}.
              </span>
            </p>
          ))}
        </section>
      )}
      <section>
        <h2>Longest chain</h2>
        {chain.length === 0 && <p className="text-second">No open task waits for another.</p>}
        <ol className="flex flex-col gap-2">
          {known(chain).map((task) => (
            <li key={task.id} className="flex items-center gap-2">
              <span className="dot" data-tone={graphTone(task)} />
              <Pick task={task}>{task.title}</Pick>
              <span className="ml-auto text-xs whitespace-nowrap text-second">{graphWords(task)}</span>
            </li>
          ))}
        </ol>
      </section>
      {!selected && <p className="text-second">Choose a task in the graph to see and change what it waits for.</p>}
    </aside>
  );
}

const Pick = ({ task, children }: { task: Task; children: ReactNode }) => (
  <Link
    to="/graph"
    search={(before) => ({ ...before, task: task.id })}
    replace
    preload={false}
    className="cut underline-offset-2 hover:underline"
  >
    {children}
  </Link>
);

type SelectedProps = { task: Task; waiting: number; known: (ids: readonly string[]) => Task[] };

function Selected({ task, waiting, known }: SelectedProps) {
  const conflicts = known(task.conflictsWith);
  return (
    <section aria-label={task.title}>
      <h2>Selected</h2>
      <p className="font-medium wrap-anywhere">{task.title}</p>
      <dl className="grid grid-cols-[96px_minmax(0,1fr)] gap-y-1.5">
        <dt className="text-second">Task</dt>
        <dd className="mono">task-{shortId(task.id)}</dd>
        <dt className="text-second">State</dt>
        <dd>{graphWords(task)}</dd>
        <dt className="text-second">Waiting for it</dt>
        <dd>{waiting === 0 ? 'nobody' : plural(waiting, 'task')}</dd>
        {conflicts.length > 0 && (
          <>
            <dt className="text-second">Conflicts</dt>
            <dd className="flex min-w-0 flex-col text-warn">
              {conflicts.map((other) => (
                <Pick key={other.id} task={other}>
                  {other.title}
                </Pick>
              ))}
            </dd>
          </>
        )}
      </dl>
      <Link to="/tasks/$id" params={{ id: task.id }} search={({ project }) => ({ project })} className="btn">
        Open task
      </Link>
      <TaskDependencies key={task.id} task={task} dependencies={known(task.dependencies)} />
    </section>
  );
}
