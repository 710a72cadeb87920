/** The frame around every page: sidebar, dialogs reachable from anywhere, live events, and the door when signed out. */
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useEvents } from '../hooks/use-events.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import { sessionQuery } from '../queries.ts';
import { CreateTask } from './create-task.tsx';
import { Navigation } from './navigation.tsx';
import { ShellContext } from './shell-context.ts';
import { ShortageBanner } from './shortage-banner.tsx';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { SignIn } from './sign-in.tsx';

export function Shell() {
  const { data: session } = useQuery(sessionQuery);
  return session === 'out' ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  const [dialog, setDialog] = useState<'task' | 'shortcuts'>();
  const connection = useEvents();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const shell = useMemo(
    () => ({ newTask: () => setDialog('task'), showShortcuts: () => setDialog('shortcuts'), connection }),
    [connection],
  );
  useShortcuts({
    c: shell.newTask,
    '?': shell.showShortcuts,
    '/': () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
    'g b': () => void navigate({ to: '/', search: keepProject }),
    'g r': () => void navigate({ to: '/resources', search: keepProject }),
    'g s': () => void navigate({ to: '/settings', search: keepProject }),
  });
  const close = (open: boolean) => {
    if (!open) setDialog(undefined);
  };
  return (
    <ShellContext value={shell}>
      <div className="app" data-slim={pathname === '/'}>
        <Navigation slim={pathname === '/'} onTask={pathname.startsWith('/tasks/')}>
          <main className="flex min-h-0 min-w-0 flex-1 flex-col">
            {connection === 'lost' && (
              <p
                role="status"
                className="flex-none border-b border-line bg-warn-tint px-4 py-1 text-center text-xs text-warn"
              >
                Connection lost. Trying again; work goes on without this page.
              </p>
            )}
            <ShortageBanner />
            <Outlet />
          </main>
        </Navigation>
      </div>
      {dialog === 'task' && <CreateTask onOpenChange={close} />}
      <ShortcutsDialog open={dialog === 'shortcuts'} onOpenChange={close} />
    </ShellContext>
  );
}

const keepProject = (before: { project?: string }) => ({ project: before.project });
