import { useQuery } from '@tanstack/react-query';
import { Pause, Play, SkipBack, SkipForward } from 'lucide-react';
import type { CSSProperties } from 'react';
import type { LogLine } from '#src/domain/log.ts';
import type { Run } from '#src/domain/run.ts';
import { messageOf } from '#src/errors.ts';
import { plainText } from '../ansi.ts';
import { formatClockMs, formatCount } from '../format.ts';
import { replaySpeeds, useReplay } from '../hooks/use-replay.ts';
import { replayQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';

type Props = { taskId: string; run: Run; onMoment: (time: number | undefined) => void };

/** Steps through what happened in a run in its order: by hand, or as fast as it was and faster. */
export function RunReplay({ taskId, run, onMoment }: Props) {
  const { data: moments = [], error, isError } = useQuery(replayQuery(taskId, run));
  const replay = useReplay(moments, onMoment);
  const { at, playing, speed } = replay;
  if (isError)
    return (
      <div className="flex-none border-t border-line p-3">
        <Notice tone="err">{messageOf(error)}</Notice>
      </div>
    );
  if (moments.length === 0) return null;
  const moment = at === undefined ? undefined : moments[at];
  return (
    <section aria-label="Replay" className="replay">
      {at !== undefined && <Moments moments={moments} at={at} />}
      <div className="flex items-center gap-2 max-md:flex-wrap">
        <Button icon size="small" look="ghost" aria-label="Step back" onClick={() => replay.step(-1)}>
          <SkipBack aria-hidden="true" />
        </Button>
        <Button icon size="small" aria-label={playing ? 'Pause' : 'Play'} onClick={replay.toggle}>
          {playing ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
        </Button>
        <Button icon size="small" look="ghost" aria-label="Step forward" onClick={() => replay.step(1)}>
          <SkipForward aria-hidden="true" />
        </Button>
        <input
          type="range"
          className="scrubber max-md:order-last max-md:basis-full"
          aria-label="Moment of the run"
          aria-valuetext={moment ? `${formatClockMs(moment.timestamp)}, ${at} of ${moments.length}` : 'Not begun'}
          min={0}
          max={moments.length - 1}
          value={at ?? 0}
          style={{ '--done': `${(100 * (at ?? 0)) / Math.max(1, moments.length - 1)}%` } as CSSProperties}
          onChange={(event) => replay.go(Number(event.target.value))}
        />
        <span className="text-xs whitespace-nowrap text-second tabular-nums">
          {moment ? formatClockMs(moment.timestamp).slice(0, -4) : 'Replay'} ·{' '}
          {formatCount(at === undefined ? 0 : at + 1)} of {formatCount(moments.length)}
        </span>
        <Select
          aria-label="Speed"
          className="select-quiet max-md:ml-auto"
          value={String(speed)}
          onValue={(value) => replay.setSpeed(Number(value))}
          options={replaySpeeds.map((one) => ({ value: String(one), label: `${one}×` }))}
        />
      </div>
    </section>
  );
}

const shown = 5;
const words: Record<string, string> = {
  message: 'says',
  thinking: 'thinks',
  tool_call: 'tool',
  tool_result: 'result',
  step: 'step',
  agent: 'agent',
};

/** The moment, and the few before it. What programs printed in between is told by its number of lines. */
function Moments({ moments, at }: { moments: readonly LogLine[]; at: number }) {
  const from = Math.max(0, at + 1 - shown);
  return (
    <ol className="replay-moments" aria-live="off">
      {moments.slice(from, at + 1).map((line, index) => {
        const before = moments[from + index - 1];
        const between = before ? line.seq - before.seq - 1 : 0;
        return (
          <li key={line.seq} data-now={from + index === at} data-level={line.level}>
            <span className="text-second">{line.phase ?? ''}</span>
            <span className="text-second">{words[line.metadata.kind ?? ''] ?? ''}</span>
            <span className="replay-text">
              {between > 0 && <span className="text-second">({formatCount(between)} lines of output) </span>}
              {plainText(line.message).slice(0, 2000)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
