import { useEffect, useState } from 'react';
import type { LogLine } from '#src/domain/log.ts';
import { replayDelay } from '../timeline.ts';

export const replaySpeeds = [1, 4, 16, 64] as const;

/** Where a replay stands among the moments of a run; undefined until somebody begins it. */
export function useReplay(moments: readonly LogLine[], onMoment: (time: number | undefined) => void) {
  const [at, setAt] = useState<number>();
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(4);
  const last = moments.length - 1;
  const timestamp = at === undefined ? undefined : moments[at]?.timestamp;
  useEffect(() => onMoment(timestamp === undefined ? undefined : Date.parse(timestamp)), [timestamp, onMoment]);
  useEffect(() => {
    if (!playing || at === undefined) return;
    const [now, next] = [moments[at], moments[at + 1]];
    if (!now || !next) return setPlaying(false);
    const timer = setTimeout(() => setAt(at + 1), replayDelay(now.timestamp, next.timestamp, speed));
    return () => clearTimeout(timer);
  }, [playing, at, speed, moments]);
  return {
    at,
    playing,
    speed,
    setSpeed,
    go: (to: number) => {
      setPlaying(false);
      setAt(Math.max(0, Math.min(last, to)));
    },
    step: (by: number) => {
      setPlaying(false);
      setAt(Math.max(0, Math.min(last, at === undefined ? 0 : at + by)));
    },
    /** From the beginning again when it is at its end. */
    toggle: () => {
      if (!playing) setAt(at === undefined || at >= last ? 0 : at);
      setPlaying(!playing);
    },
  };
}
