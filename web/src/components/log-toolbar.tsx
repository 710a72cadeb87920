import { Menu } from '@base-ui/react/menu';
import { Link } from '@tanstack/react-router';
import {
  CaseSensitive,
  ChevronDown,
  ChevronUp,
  Clock,
  Download,
  ListFilter,
  Maximize2,
  Regex,
  Search,
  WrapText,
} from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { LogSelection } from '#src/domain/log.ts';
import { formatCount } from '../format.ts';
import type { LogFind } from '../hooks/use-log-find.ts';
import type { LogChoice } from '../log-choice.ts';
import { logFilePath, rawPath } from '../paths.ts';
import { Button } from '../ui/button.tsx';

type Props = {
  taskId: string;
  choice: LogChoice;
  selection: LogSelection;
  onChange: (change: LogChoice) => void;
  find: LogFind;
  wrap: boolean;
  onWrap: (wrap: boolean) => void;
  relative: boolean;
  onRelative: (relative: boolean) => void;
  follow: boolean;
  onFollow: (follow: boolean) => void;
  /** Before another page is opened. */
  onLeave?: (() => void) | undefined;
  /** It is the page already. */
  isPage?: boolean | undefined;
};

export function LogToolbar(props: Props) {
  const { find } = props;
  return (
    <div className="log-toolbar">
      <SearchField {...props} />
      <Button icon aria-label="Previous match" title="Previous match (N)" onClick={() => find.go(-1)}>
        <ChevronUp aria-hidden="true" />
      </Button>
      <Button icon aria-label="Next match" title="Next match (n)" onClick={() => find.go(1)}>
        <ChevronDown aria-hidden="true" />
      </Button>
      <Options {...props} />
      {find.error && (
        <p role="alert" className="w-full text-xs text-err-text">
          {find.error}
        </p>
      )}
    </div>
  );
}

const typingMs = 250;

function SearchField({ choice, onChange, find }: Props) {
  const [text, setText] = useState(choice.find ?? '');
  const [asked, setAsked] = useState(choice.find);
  if (asked !== choice.find) {
    setAsked(choice.find);
    setText(choice.find ?? '');
  }
  useEffect(() => {
    if (text === (choice.find ?? '')) return;
    const timer = setTimeout(() => onChange({ find: text || undefined }), typingMs);
    return () => clearTimeout(timer);
  });
  const place = find.match ? (find.match.place ? formatCount(find.match.place) : '…') : '0';
  return (
    <div className="relative flex w-96 items-center max-md:w-full">
      <Search aria-hidden="true" className="pointer-events-none absolute left-2 text-second" />
      <input
        type="search"
        aria-label="Search logs"
        aria-invalid={find.error ? true : undefined}
        placeholder={choice.regex ? 'Regular expression' : 'Search logs'}
        className="field mono !pr-44 !pl-8"
        value={text}
        maxLength={500}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find.go(event.shiftKey ? -1 : 1);
          if (event.key === 'Escape') {
            event.stopPropagation();
            event.currentTarget.blur();
          }
        }}
      />
      <span className="absolute right-1 flex items-center gap-1">
        {choice.find && (
          <span role="status" aria-label="Matches" className="text-xs text-second">
            {choice.only
              ? formatCount(find.count ?? 0)
              : `${place}/${find.count === undefined ? '…' : formatCount(find.count)}`}
          </span>
        )}
        <Switch label="Regular expression" on={choice.regex} onToggle={(regex) => onChange({ regex })}>
          <Regex aria-hidden="true" />
        </Switch>
        <Switch label="Match case" on={choice.case} onToggle={(on) => onChange({ case: on })}>
          <CaseSensitive aria-hidden="true" />
        </Switch>
        <Switch label="Only matching lines" on={choice.only} onToggle={(only) => onChange({ only })}>
          <ListFilter aria-hidden="true" />
        </Switch>
      </span>
    </div>
  );
}

type SwitchProps = {
  label: string;
  on: true | undefined;
  onToggle: (on: true | undefined) => void;
  children: ReactNode;
};

function Switch({ label, on, onToggle, children }: SwitchProps) {
  return (
    <button
      type="button"
      className="log-switch"
      aria-label={label}
      aria-pressed={on ?? false}
      title={label}
      onClick={() => onToggle(on ? undefined : true)}
    >
      {children}
    </button>
  );
}

function Options({
  taskId,
  choice,
  selection,
  onLeave,
  wrap,
  onWrap,
  relative,
  onRelative,
  follow,
  onFollow,
  isPage,
}: Props) {
  return (
    <div className="ml-auto flex gap-2 max-md:ml-0">
      <Toggle label="Relative time" on={relative} onToggle={() => onRelative(!relative)}>
        <Clock aria-hidden="true" />
      </Toggle>
      <Toggle label="Wrap" on={wrap} onToggle={() => onWrap(!wrap)}>
        <WrapText aria-hidden="true" />
      </Toggle>
      <DownloadMenu taskId={taskId} selection={selection} />
      {!isPage && (
        <Link
          to="/tasks/$id/logs"
          params={{ id: taskId }}
          search={choice}
          className="chip max-md:w-11 max-md:justify-center"
          title="The log as a page of its own"
          preload={false}
          onClick={onLeave}
        >
          <Maximize2 aria-hidden="true" />
          <span className="sr-only">Full page</span>
        </Link>
      )}
      <Toggle label="Follow" on={follow} onToggle={() => onFollow(!follow)}>
        <span className="dot" data-tone={follow ? 'run' : undefined} />
      </Toggle>
    </div>
  );
}

/** What the filter lets through, all of it; or the bytes before they became lines. */
function DownloadMenu({ taskId, selection }: { taskId: string; selection: LogSelection }) {
  const item = (path: string, label: string) => (
    <Menu.Item className="menu-item" render={<a href={path} download />}>
      {label}
    </Menu.Item>
  );
  return (
    <Menu.Root>
      <Menu.Trigger className="chip max-md:w-11 max-md:justify-center" title="Download">
        <Download aria-hidden="true" />
        <span className="max-xl:sr-only">Download</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className="z-50">
          <Menu.Popup className="menu">
            {item(logFilePath(taskId, { ...selection, format: 'text' }), 'As text')}
            {item(logFilePath(taskId, { ...selection, format: 'jsonl' }), 'As JSON lines')}
            {item(rawPath(taskId), 'As programs wrote it')}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

type ToggleProps = { label: string; on?: boolean; onToggle: () => void; children: ReactNode };

function Toggle({ label, on, onToggle, children }: ToggleProps) {
  return (
    <button
      type="button"
      className="chip max-md:w-11 max-md:justify-center"
      aria-pressed={on}
      title={label}
      onClick={onToggle}
    >
      {children}
      <span className="max-xl:sr-only">{label}</span>
    </button>
  );
}
