import { paletteKey } from '../hooks/use-palette-key.ts';
import { Dialog } from '../ui/dialog.tsx';

const shortcuts = [
  [paletteKey, 'Command palette: go to, find a task, or do something'],
  ['c', 'New task'],
  ['/', 'Search'],
  ['j / k', 'Next or previous card, or proposed task'],
  ['enter', 'Open the card'],
  ['esc', 'Close, or back to the board'],
  ['1 – 4', 'Details, Progress, Logs, Branch of a task'],
  ['l', 'Logs of the task in focus, from any page'],
  ['n / N', 'Next or previous match in logs; in the search field enter and ⇧ enter'],
  ['f, w, t', 'Follow, wrap, relative time in logs'],
  ['j / k, y', 'Mark the next or previous line in logs, copy what is marked'],
  ['g h', 'Go home'],
  ['g b', 'Go to the board'],
  ['g t', 'Go to the table'],
  ['g g', 'Go to the graph'],
  ['g a', 'Go to the analyst'],
  ['g m', 'Go to costs'],
  ['g r', 'Go to resources'],
  ['g s', 'Go to settings'],
  ['?', 'This list'],
] as const;

export function ShortcutsDialog(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog {...props} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[96px_minmax(0,1fr)] gap-y-3 p-4">
        {shortcuts.map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd className="kbd">{keys}</kbd>
            </dt>
            <dd className="text-body">{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
