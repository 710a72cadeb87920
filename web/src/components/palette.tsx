/** The command palette: go to a page, find a task or do something, by typing. */
import { type KeyboardEvent, type RefObject, useId, useRef, useState } from 'react';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { type PaletteDoors, usePalette } from '../hooks/use-palette.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { ConfirmMerge } from './confirm-merge.tsx';
import { optionId, PaletteList } from './palette-list.tsx';

type Props = Omit<PaletteDoors, 'onMerge'>;

export function Palette(props: Props) {
  const [merging, setMerging] = useState<Task>();
  const field = useRef<HTMLInputElement>(null);
  if (merging) return <ConfirmMerge task={merging} onClose={props.onClose} />;
  return (
    <Dialog open onOpenChange={props.onClose} title="Command palette" first={field}>
      <Search {...props} field={field} onMerge={setMerging} />
    </Dialog>
  );
}

function Search({ field, ...doors }: PaletteDoors & { field: RefObject<HTMLInputElement | null> }) {
  const [query, setQuery] = useState('');
  const [activeId, setActiveId] = useState<string>();
  const listId = useId();
  const { groups, isEmpty, isLooking, error } = usePalette(query, doors);
  const commands = groups.flatMap((group) => group.commands);
  const active = commands.find(({ id }) => id === activeId) ?? commands[0];
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const at = active ? commands.indexOf(active) : 0;
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined && event.key !== 'Enter') return;
    event.preventDefault();
    if (next === undefined) active?.run();
    else setActiveId(commands.at(next % commands.length)?.id);
  };
  return (
    <>
      <div className="p-4 pb-2">
        <input
          ref={field}
          role="combobox"
          aria-label="Go to, find a task, or do something"
          aria-autocomplete="list"
          aria-expanded={commands.length > 0}
          aria-controls={listId}
          aria-activedescendant={active && optionId(listId, active)}
          autoComplete="off"
          spellCheck={false}
          maxLength={300}
          className="field"
          placeholder="Go to, find a task, or do something"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActiveId(undefined);
          }}
          onKeyDown={onKey}
        />
      </div>
      {error && (
        <div className="px-4 py-2">
          <Notice tone="err">{messageOf(error)}</Notice>
        </div>
      )}
      <p role="status" className="text-second not-empty:px-4 not-empty:py-1">
        {isEmpty && 'No match. Enter creates a task with this title.'}
        {commands.length === 0 && isLooking && 'Looking for tasks…'}
      </p>
      <PaletteList id={listId} groups={groups} active={active} onActive={setActiveId} />
    </>
  );
}
