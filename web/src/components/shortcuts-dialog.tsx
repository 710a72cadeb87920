import { Dialog } from '../ui/dialog.tsx';

const shortcuts = [
  ['c', 'New task'],
  ['/', 'Search'],
  ['j / k', 'Next or previous card'],
  ['enter', 'Open the card'],
  ['esc', 'Close, or back to the board'],
  ['1 – 4', 'Details, Progress, Logs, Branch of a task'],
  ['l', 'Logs of a task, from any of its tabs'],
  ['g b', 'Go to the board'],
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
