import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Task } from '#src/domain/task.ts';
import { type BoardFacts, type Column, reasonOf } from '../board.ts';
import { sumOfTasks } from '../costs.ts';
import { formatCost } from '../format.ts';
import { Button } from '../ui/button.tsx';
import { TypeIcon } from './marks.tsx';
import { TaskCard } from './task-card.tsx';

type Props = { name: Column; tasks: readonly Task[]; facts: BoardFacts };

const page = 50;
const donePage = 8;

export function BoardColumn({ name, tasks, facts }: Props) {
  const [shown, setShown] = useState(page);
  return (
    <section aria-label={name} className="flex min-w-0 flex-col gap-2">
      <h2 className="column-head text-sm">
        {name}
        <span className="font-normal text-second">{tasks.length}</span>
      </h2>
      {tasks.slice(0, shown).map((task) => (
        <TaskCard
          key={task.id}
          task={task}
          reason={reasonOf(task, facts)}
          now={task.status === 'running' ? facts.now : 0}
        />
      ))}
      <More left={tasks.length - shown} onMore={() => setShown(shown + page)} />
    </section>
  );
}

/** What is over needs one line each. */
export function DoneColumn({ tasks }: { tasks: readonly Task[] }) {
  const [shown, setShown] = useState(donePage);
  const { costUsd, knownUsd } = sumOfTasks(tasks);
  return (
    <section aria-label="Done" className="flex min-w-0 flex-col gap-2">
      <h2 className="column-head text-sm">
        Done
        <span className="font-normal text-second">{tasks.length}</span>
        {knownUsd > 0 && (
          <span className="ml-auto text-xs font-normal text-second">{formatCost(costUsd, knownUsd)}</span>
        )}
      </h2>
      {tasks.slice(0, shown).map((task) => (
        <Link
          key={task.id}
          to="/tasks/$id"
          params={{ id: task.id }}
          search={({ project }) => ({ project })}
          preload={false}
          className="done-row"
          data-card={task.id}
        >
          <TypeIcon type={task.type} />
          <span className={`cut flex-1 ${task.status === 'skipped' ? 'text-second line-through' : ''}`}>
            {task.title}
          </span>
          <span className="text-second">
            {task.status === 'skipped' ? 'skipped' : formatCost(task.costUsd, task.knownCostUsd)}
          </span>
        </Link>
      ))}
      <More left={tasks.length - shown} onMore={() => setShown(shown + page)} />
    </section>
  );
}

function More({ left, onMore }: { left: number; onMore: () => void }) {
  if (left <= 0) return null;
  return (
    <Button look="ghost" size="small" onClick={onMore}>
      Show {left} more
    </Button>
  );
}
