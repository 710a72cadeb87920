import { type ReactNode, useEffect, useId } from 'react';
import type { Command, CommandGroup } from '../hooks/use-palette.ts';

type Props = {
  id: string;
  groups: readonly CommandGroup[];
  active: Command | undefined;
  onActive: (id: string) => void;
};

/** The element that a command is shown as, for the field that points to it. */
export const optionId = (listId: string, command: Command): string => `${listId}-${command.id}`;

/** What the palette offers, in groups; the focus stays in the field above. */
export function PaletteList({ id, groups, active, onActive }: Props) {
  const activeId = active && optionId(id, active);
  useEffect(() => {
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
  }, [activeId]);
  return (
    <div
      role="listbox"
      id={id}
      aria-label="What was found"
      className="max-h-[min(480px,60dvh)] overflow-y-auto p-2 pt-0 max-md:h-[60dvh]"
    >
      {groups.map((group) => (
        <Group key={group.name} group={group}>
          {group.commands.map((command) => (
            <Option
              key={command.id}
              id={optionId(id, command)}
              command={command}
              isActive={command === active}
              onActive={() => onActive(command.id)}
            />
          ))}
        </Group>
      ))}
    </div>
  );
}

function Group({ group, children }: { group: CommandGroup; children: ReactNode }) {
  const id = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of options is no fieldset
    <div role="group" aria-labelledby={id}>
      <div id={id} role="presentation" className="px-2 pt-2 pb-1 text-xs font-medium text-second">
        {group.name}
      </div>
      {children}
    </div>
  );
}

type OptionProps = { id: string; command: Command; isActive: boolean; onActive: () => void };

function Option({ id, command, isActive, onActive }: OptionProps) {
  const { label, icon: Icon, note, keys, run } = command;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the field, which keeps the focus
    <div
      role="option"
      id={id}
      tabIndex={-1}
      aria-selected={isActive}
      className="flex min-h-9 cursor-pointer items-center gap-2 rounded-md px-2 text-body aria-selected:bg-line aria-selected:text-fg max-md:min-h-11"
      onMouseMove={onActive}
      onMouseDown={(event) => event.preventDefault()}
      onClick={run}
    >
      <Icon aria-hidden="true" className="text-second" />
      <span className="cut flex-1">{label}</span>
      {note && <span className="cut max-w-[45%] flex-none text-xs text-second">{note}</span>}
      {keys && <kbd className="kbd max-md:hidden">{keys}</kbd>}
    </div>
  );
}
