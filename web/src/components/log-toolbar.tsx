import { ChevronDown, ChevronUp, Clock, Copy, Download, Search, WrapText } from 'lucide-react';
import type { ReactNode } from 'react';
import type { LogLine } from '#src/domain/log.ts';
import { plainText } from '../ansi.ts';
import { Button } from '../ui/button.tsx';

type Props = {
  /** As filtered: what is copied and downloaded. */
  lines: readonly LogLine[];
  name: string;
  find: string;
  onFind: (text: string) => void;
  /** Counted from 1; 0 without a match. */
  current: number;
  total: number;
  onGo: (by: 1 | -1) => void;
  wrap: boolean;
  onWrap: (wrap: boolean) => void;
  relative: boolean;
  onRelative: (relative: boolean) => void;
  follow: boolean;
  onFollow: (follow: boolean) => void;
};

export function LogToolbar(props: Props) {
  const { find, onFind, current, total, onGo } = props;
  return (
    <div className="flex min-h-12 flex-none flex-wrap items-center gap-2 border-b border-line px-4 py-2">
      <label className="relative flex w-80 items-center max-md:w-full">
        <Search aria-hidden="true" className="pointer-events-none absolute left-2 text-second" />
        <input
          type="search"
          aria-label="Search logs"
          placeholder="Search logs"
          className="field mono !pr-16 !pl-8"
          value={find}
          onChange={(event) => onFind(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') onGo(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        {find && (
          <span role="status" className="absolute right-2 text-xs text-second">
            {current}/{total}
          </span>
        )}
      </label>
      <Button icon aria-label="Previous match" title="Previous match" onClick={() => onGo(-1)}>
        <ChevronUp aria-hidden="true" />
      </Button>
      <Button icon aria-label="Next match" title="Next match" onClick={() => onGo(1)}>
        <ChevronDown aria-hidden="true" />
      </Button>
      <Options {...props} />
    </div>
  );
}

function Options({ lines, name, wrap, onWrap, relative, onRelative, follow, onFollow }: Props) {
  return (
    <div className="ml-auto flex gap-2 max-md:ml-0">
      <Toggle label="Relative time" on={relative} onToggle={() => onRelative(!relative)}>
        <Clock aria-hidden="true" />
      </Toggle>
      <Toggle label="Wrap" on={wrap} onToggle={() => onWrap(!wrap)}>
        <WrapText aria-hidden="true" />
      </Toggle>
      <Toggle label="Copy" onToggle={() => void navigator.clipboard.writeText(textOf(lines))}>
        <Copy aria-hidden="true" />
      </Toggle>
      <Toggle label="Download" onToggle={() => download(`${name}.log`, textOf(lines))}>
        <Download aria-hidden="true" />
      </Toggle>
      <Toggle label="Follow" on={follow} onToggle={() => onFollow(!follow)}>
        <span className="dot" data-tone={follow ? 'run' : undefined} />
      </Toggle>
    </div>
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

const textOf = (lines: readonly LogLine[]) =>
  lines
    .map((line) => `${line.seq} ${line.timestamp} ${line.phase ?? '-'} ${line.level} ${plainText(line.message)}\n`)
    .join('');

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
