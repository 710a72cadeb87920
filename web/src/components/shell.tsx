/** The frame around every page: sidebar, dialogs reachable from anywhere, live events, and the door when signed out. */
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useEvents } from '../hooks/use-events.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import { sessionQuery } from '../queries.ts';
import { CreateTask } from './create-task.tsx';
import { Navigation } from './navigation.tsx';
import { ShellContext } from './shell-context.ts';
import { ShortageBanner } from './shortage-banner.tsx';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { SignIn } from './sign-in.tsx';

const LogDrawer = lazy(() => import('./log-drawer.tsx').then((file) => ({ default: file.LogDrawer })));

export function Shell() {
  const { data: session } = useQuery(sessionQuery);
  return session === 'out' ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  const [dialog, setDialog] = useState<'task' | 'shortcuts'>();
  const [logs, setLogs] = useState<{ taskId: string | undefined }>();
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
    l: () => setLogs(isLogOpen(pathname) ? undefined : { taskId: taskInFocus(pathname) }),
    'g h': () => void navigate({ to: '/home', search: keepProject }),
    'g b': () => void navigate({ to: '/', search: keepProject }),
    'g g': () => void navigate({ to: '/graph', search: keepProject }),
    'g t': () => void navigate({ to: '/table', search: keepProject }),
    'g m': () => void navigate({ to: '/costs', search: keepProject }),
    'g r': () => void navigate({ to: '/resources', search: keepProject }),
    'g s': () => void navigate({ to: '/settings', search: keepProject }),
  });
  const close = (open: boolean) => {
    if (!open) setDialog(undefined);
  };
  return (
    <ShellContext value={shell}>
      <div className="app" data-slim={isWide(pathname)}>
        <Navigation slim={isWide(pathname)} onTask={pathname.startsWith('/tasks/')}>
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
      {logs && (
        <Suspense>
          <LogDrawer taskId={logs.taskId} onOpenChange={(open) => !open && setLogs(undefined)} />
        </Suspense>
      )}
      <ShortcutsDialog open={dialog === 'shortcuts'} onOpenChange={close} />
    </ShellContext>
  );
}

const keepProject = (before: { project?: string }) => ({ project: before.project });

/** Pages that need all the room there is. */
const isWide = (pathname: string): boolean => ['/', '/graph', '/table'].includes(pathname);

/** The card that has the focus, else the task whose page it is. */
const taskInFocus = (pathname: string): string | undefined =>
  document.activeElement?.closest<HTMLElement>('[data-card]')?.dataset.card ?? /^\/tasks\/([^/]+)/.exec(pathname)?.[1];

/** Nothing opens over the same log. */
const isLogOpen = (pathname: string): boolean =>
  /^\/tasks\/[^/]+/.test(pathname) && document.querySelector('section.log') !== null;
