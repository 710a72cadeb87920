import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { useShell } from './shell-context.ts';

export function TopBar({ children, search }: { children: ReactNode; search?: ReactNode }) {
  const { newTask } = useShell();
  return (
    <header className="top-bar">
      <div className="flex min-w-0 flex-1 items-center gap-2">{children}</div>
      {search}
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
