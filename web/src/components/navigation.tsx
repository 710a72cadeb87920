import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Keyboard, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTheme } from '../hooks/use-theme.ts';
import { systemQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Brand } from './brand.tsx';
import { places } from './places.ts';
import { ProjectSwitcher } from './project-switcher.tsx';
import { useShell } from './shell-context.ts';

const fromHome: readonly string[] = ['/table', '/graph', '/analyst'];
/** Six have room below; those that want a wide screen are reached from Home. */
const onPhone = places.filter(({ to }) => !fromHome.includes(to));

type Props = { slim: boolean; onTask: boolean; children: ReactNode };

/** A sidebar; on a phone a bar below, which makes room for a task's own actions. */
export function Navigation({ slim, onTask, children }: Props) {
  return (
    <>
      <aside aria-label="Sidebar" className="flex min-h-0 flex-col border-r border-line px-2 pb-3 max-md:hidden">
        <div className="side-row !h-12 text-base font-semibold !text-fg hover:!bg-transparent">
          <Brand />
          <span className="side-label">Sentra</span>
        </div>
        <ProjectSwitcher slim={slim} />
        <nav aria-label="Main" className="flex flex-col gap-0.5">
          {places.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              search={({ project }) => ({ project })}
              className="side-row"
              aria-current={onTask && to === '/' ? 'page' : undefined}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              title={slim ? label : undefined}
            >
              <Icon aria-hidden="true" />
              <span className="side-label">{label}</span>
            </Link>
          ))}
        </nav>
        <Foot slim={slim} />
      </aside>
      {children}
      {!onTask && (
        <nav aria-label="Main" className="bottom-nav">
          {onPhone.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              search={({ project }) => ({ project })}
              activeOptions={{ exact: true, includeSearch: false }}
            >
              <Icon aria-hidden="true" />
              {label}
            </Link>
          ))}
        </nav>
      )}
    </>
  );
}

function Foot({ slim }: { slim: boolean }) {
  const { connection, showShortcuts } = useShell();
  const { theme, toggle } = useTheme();
  const { data: system } = useQuery(systemQuery);
  const words = { live: 'Connected', connecting: 'Connecting', lost: 'Connection lost' }[connection];
  const tone = { live: 'ok', connecting: 'run', lost: 'warn' }[connection];
  return (
    <div
      className={`mt-auto flex flex-col gap-2 border-t border-line pt-3 text-xs text-second ${slim ? 'items-center' : 'px-2'}`}
    >
      <div className="flex items-center gap-2" title={slim ? words : undefined}>
        <span className="dot" data-tone={tone} />
        <span className="side-label">{words}</span>
      </div>
      {system && (
        <div className="side-label">
          {system.slots.inUse} of {system.slots.total} slots in use
        </div>
      )}
      <div className={slim ? 'flex flex-col' : '-ml-2 flex'}>
        <Button
          look="ghost"
          size="small"
          icon
          aria-label={theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
          title={theme === 'dark' ? 'Light theme' : 'Dark theme'}
          onClick={toggle}
        >
          {theme === 'dark' ? <Sun aria-hidden="true" /> : <Moon aria-hidden="true" />}
        </Button>
        <Button
          look="ghost"
          size="small"
          icon
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts"
          onClick={showShortcuts}
        >
          <Keyboard aria-hidden="true" />
        </Button>
      </div>
    </div>
  );
}
