/** The frame around every page: sidebar, dialogs reachable from anywhere, live events, and the door when signed out. */
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useEvents } from '../hooks/use-events.ts';
import { usePaletteKey } from '../hooks/use-palette-key.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import { sessionQuery } from '../queries.ts';
import { CreateTask } from './create-task.tsx';
import { Navigation } from './navigation.tsx';
import { places } from './places.ts';
import { ShellContext } from './shell-context.ts';
import { ShortageBanner } from './shortage-banner.tsx';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { SignIn } from './sign-in.tsx';

const LogDrawer = lazy(() => import('./log-drawer.tsx').then((file) => ({ default: file.LogDrawer })));
const Palette = lazy(() => import('./palette.tsx').then((file) => ({ default: file.Palette })));

/** `title`: what a new task begins with. */
type Opened = { name: 'task'; title: string } | { name: 'palette' | 'shortcuts' };

export function Shell() {
  const { data: session } = useQuery(sessionQuery);
  return session === 'out' ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  const [dialog, setDialog] = useState<Opened>();
  const [logs, setLogs] = useState<{ taskId: string | undefined }>();
  const connection = useEvents();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const shell = useMemo(
    () => ({
      newTask: () => setDialog({ name: 'task', title: '' }),
      showPalette: () => setDialog({ name: 'palette' }),
      showShortcuts: () => setDialog({ name: 'shortcuts' }),
      connection,
    }),
    [connection],
  );
  const showLogs = () => setLogs(isLogOpen(pathname) ? undefined : { taskId: taskInFocus(pathname) });
  const isPalette = dialog?.name === 'palette';
  usePaletteKey(isPalette, isPalette ? () => setDialog(undefined) : shell.showPalette);
  useShortcuts({
    c: shell.newTask,
    '?': shell.showShortcuts,
    '/': () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
    l: showLogs,
    ...Object.fromEntries(
      places.flatMap(({ to, keys }) => (keys ? [[keys, () => void navigate({ to, search: keepProject })]] : [])),
    ),
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
      {dialog?.name === 'task' && <CreateTask title={dialog.title} onOpenChange={close} />}
      {isPalette && (
        <Suspense>
          <Palette
            taskId={taskOf(pathname)}
            onNewTask={(title) => setDialog({ name: 'task', title })}
            onLogs={() => {
              setDialog(undefined);
              showLogs();
            }}
            onClose={() => setDialog(undefined)}
          />
        </Suspense>
      )}
      {logs && (
        <Suspense>
          <LogDrawer taskId={logs.taskId} onOpenChange={(open) => !open && setLogs(undefined)} />
        </Suspense>
      )}
      <ShortcutsDialog open={dialog?.name === 'shortcuts'} onOpenChange={close} />
    </ShellContext>
  );
}

const keepProject = (before: { project?: string }) => ({ project: before.project });

/** Pages that need all the room there is. */
const isWide = (pathname: string): boolean =>
  ['/', '/graph', '/table'].includes(pathname) || pathname.startsWith('/analyst/');

/** The card that has the focus, else the task whose page it is. */
const taskInFocus = (pathname: string): string | undefined =>
  document.activeElement?.closest<HTMLElement>('[data-card]')?.dataset.card ?? taskOf(pathname);

/** The task whose page is open. */
const taskOf = (pathname: string): string | undefined => /^\/tasks\/([^/]+)/.exec(pathname)?.[1];

/** Nothing opens over the same log. */
const isLogOpen = (pathname: string): boolean =>
  /^\/tasks\/[^/]+/.test(pathname) && document.querySelector('section.log') !== null;
