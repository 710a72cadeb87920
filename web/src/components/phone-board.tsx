import { useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { Task } from '#src/domain/task.ts';
import { type BoardFacts, type Column, columns } from '../board.ts';
import { BoardColumn, DoneColumn } from './board-column.tsx';

type Props = {
  groups: Record<Column, Task[]>;
  facts: BoardFacts;
  onColumn: (column: Column) => void;
};

/** One column at a time; at first the one that needs a person most. */
export function PhoneBoard({ groups, facts, onColumn }: Props) {
  const { column } = useSearch({ from: '/shell/' });
  const current = columns.find((name) => name === column) ?? preferred(groups);
  const list = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another column is the reason to move
  useEffect(() => {
    list.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [current]);
  return (
    <>
      <nav
        ref={list}
        aria-label="Columns"
        className="flex flex-none gap-1 overflow-x-auto border-b border-line px-3 py-2"
      >
        {columns.map((name) => (
          <button
            key={name}
            type="button"
            className="chip flex-none"
            aria-pressed={name === current}
            onClick={() => onColumn(name)}
          >
            {name} <span className="text-second">{groups[name].length}</span>
          </button>
        ))}
      </nav>
      <div className="board">
        {current === 'Done' ? (
          <DoneColumn tasks={groups.Done} />
        ) : (
          <BoardColumn name={current} tasks={groups[current]} facts={facts} />
        )}
      </div>
    </>
  );
}

const preferred = (groups: Record<Column, Task[]>): Column =>
  (['In review', 'Failed', 'Code', 'Test', 'Plan', 'Review'] as const).find((name) => groups[name].length > 0) ??
  'Backlog';
