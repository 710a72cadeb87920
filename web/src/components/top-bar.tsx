import { Plus, SquareTerminal } from 'lucide-react';
import type { ReactNode } from 'react';
import { paletteKey } from '../hooks/use-palette-key.ts';
import { Button } from '../ui/button.tsx';
import { useShell } from './shell-context.ts';

export function TopBar({ children, search }: { children: ReactNode; search?: ReactNode }) {
  const { newTask, showPalette } = useShell();
  return (
    <header className="top-bar">
      <div className="flex min-w-0 flex-1 items-center gap-2">{children}</div>
      {search}
      <Button onClick={showPalette} title="Command palette" className="max-md:w-11 max-md:flex-none max-md:!px-0">
        <SquareTerminal aria-hidden="true" />
        <span className="sr-only">Command palette</span>
        <span className="kbd max-md:hidden" aria-hidden="true">
          {paletteKey}
        </span>
      </Button>
      <Button look="primary" onClick={newTask} className="max-md:w-11 max-md:flex-none max-md:!px-0">
        <Plus aria-hidden="true" />
        <span className="max-md:sr-only">New task</span>
        <span className="kbd max-md:hidden" aria-hidden="true">
          C
        </span>
      </Button>
    </header>
  );
}
