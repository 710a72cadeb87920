/** What is known of the marked line, and what can be done with it or with several. */
import { useQuery } from '@tanstack/react-query';
import { Copy, Download, Link2, X } from 'lucide-react';
import type { LogLine } from '#src/domain/log.ts';
import { plainText } from '../ansi.ts';
import { formatClockMs, formatCount, formatDuration } from '../format.ts';
import type { LogChoice } from '../log-choice.ts';
import type { LogSource } from '../log-source.ts';
import { wholeLinePath } from '../paths.ts';
import { api } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { CopyAction } from '../ui/copy-button.tsx';
import { isCut } from './log-row.tsx';

export type Mark = { from: number; to: number };
type Props = { source: LogSource; marked: Mark; onChange: (change: LogChoice) => void };

const mostCopied = 50_000;
const page = 5_000;

export function LogMark({ source, marked, onChange }: Props) {
  const { taskId } = source;
  const { from, to } = marked;
  const { data: line } = useQuery({
    queryKey: ['log-line', taskId, from],
    queryFn: async ({ signal }) => (await readLines(taskId, { from, to: from }, signal))[0] ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const count = to - from + 1;
  return (
    <section aria-label="Marked line" className="log-mark">
      <span className="whitespace-nowrap text-accent-text">
        {count === 1 ? `Line ${formatCount(from)}` : `Lines ${formatCount(from)} to ${formatCount(to)}`}
      </span>
      {count === 1 && line && <Facts line={line} />}
      {line === null && <span className="text-second">There is no such line</span>}
      <span className="ml-auto flex gap-1">
        <CopyAction
          label={count === 1 ? 'Copy line' : `Copy ${formatCount(count)} lines`}
          read={() => readText(taskId, marked)}
        >
          <Copy aria-hidden="true" />
        </CopyAction>
        <CopyAction label="Copy link" read={() => Promise.resolve(linkTo(taskId, marked))}>
          <Link2 aria-hidden="true" />
        </CopyAction>
        {line && <Time line={line} marked={marked} onChange={onChange} />}
        {line && isCut(line) && (
          <a className="btn btn-ghost btn-small" href={wholeLinePath(taskId, from)} download>
            <Download aria-hidden="true" />
            The whole
          </a>
        )}
        <Button
          look="ghost"
          size="small"
          icon
          aria-label="Unmark"
          onClick={() => onChange({ line: undefined, to: undefined })}
        >
          <X aria-hidden="true" />
        </Button>
      </span>
    </section>
  );
}

function Facts({ line }: { line: LogLine }) {
  const { agentName, toolUsed, duration, error } = line.metadata;
  return (
    <span className="cut text-second" title={error}>
      {[
        formatClockMs(line.timestamp),
        line.phase,
        line.level,
        agentName,
        toolUsed,
        duration === undefined ? undefined : duration < 1000 ? `${duration} ms` : formatDuration(duration),
      ]
        .filter(Boolean)
        .join(' · ')}
      {error && <span className="text-err-text"> · {plainText(error)}</span>}
    </span>
  );
}

/** Lines of the time from here on, or up to here. */
function Time({ line, marked, onChange }: { line: LogLine } & Omit<Props, 'source'>) {
  const after = () => new Date(Date.parse(line.timestamp) + 1).toISOString();
  return (
    <span className="flex gap-1 max-md:hidden">
      <Button look="ghost" size="small" onClick={() => onChange({ since: line.timestamp })}>
        From here
      </Button>
      {marked.from === marked.to && (
        <Button look="ghost" size="small" onClick={() => onChange({ until: after() })}>
          Up to here
        </Button>
      )}
    </span>
  );
}

const linkTo = (taskId: string, { from, to }: Mark) =>
  new URL(`/tasks/${taskId}?tab=logs&line=${from}${to > from ? `&to=${to}` : ''}`, location.href).href;

/** Their text without colours, up to 50,000 lines. */
async function readText(taskId: string, { from, to }: Mark): Promise<string> {
  const lines = await readLines(taskId, { from, to: Math.min(to, from + mostCopied - 1) });
  return lines.map((line) => plainText(line.message)).join('\n');
}

async function readLines(taskId: string, { from, to }: Mark, signal?: AbortSignal): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (let after = from - 1; after < to; after += page) {
    const query = { after, before: to + 1, limit: page };
    lines.push(...(await api.listLogs({ params: { taskId }, query }, { signal })).items);
  }
  return lines;
}
