/** A scale of time for a timeline, and the speed of a replay. Pure. */
import type { Span } from '#src/domain/span.ts';

export type Scale = {
  /** From 0 to 1. */
  at(time: number): number;
  timeAt(fraction: number): number;
  /** Where idle time is shown shorter than it was. */
  breaks: readonly { from: number; to: number; lostMs: number }[];
};

const shortMs = 1000;
/** The longest stretch of idle time, as a part of the time in which something happened. */
const idlePart = 0.08;
const worthCutting = 3;
const containers = new Set(['run', 'phase', 'attempt', 'wait']);

/** Time runs evenly where something happened; long waits are cut short, so that a night in a queue hides nothing. */
export function createScale(spans: readonly Span[], now: number): Scale {
  const pieces = piecesOf(spans, now);
  const last = pieces.at(-1);
  const total = last ? last.shown + last.ms : 1;
  const at = (time: number): number => {
    const piece = pieces.findLast(({ from }) => from <= time);
    if (!piece) return 0;
    const part = Math.min(1, (time - piece.from) / (piece.to - piece.from));
    return (piece.shown + part * piece.ms) / total;
  };
  return {
    at,
    timeAt: (fraction) => {
      const place = fraction * total;
      const piece = pieces.findLast((one) => one.shown <= place);
      return piece ? piece.from + Math.min(1, (place - piece.shown) / piece.ms) * (piece.to - piece.from) : now;
    },
    breaks: pieces
      .filter(({ from, to, ms }) => ms < to - from)
      .map(({ from, to, ms }) => ({ from: at(from), to: at(to - 1), lostMs: to - from - ms })),
  };
}

/** A stretch of time, where it begins on the scale, and how much of it that takes. */
type Piece = { from: number; to: number; shown: number; ms: number };

function piecesOf(spans: readonly Span[], now: number): Piece[] {
  const ends = ({ startedAt, endedAt }: Span): [number, number] => [
    Date.parse(startedAt),
    endedAt ? Date.parse(endedAt) : now,
  ];
  const all = union(spans.map(ends));
  const [start, end] = [all[0]?.[0] ?? now, all.at(-1)?.[1] ?? now];
  const busy = union(spans.filter(({ kind }) => !containers.has(kind)).map(ends));
  const mostIdle = Math.max(shortMs, idlePart * busy.reduce((sum, [from, to]) => sum + to - from, 0));
  const stops = [start, ...busy.flat(), Math.max(end, start + 1)];
  const pieces: Piece[] = [];
  let shown = 0;
  for (let i = 0; i + 1 < stops.length; i++) {
    const [from = 0, to = 0] = [stops[i], stops[i + 1]];
    if (to <= from) continue;
    const isLong = i % 2 === 0 && to - from > worthCutting * mostIdle; // between two that are busy
    const ms = isLong ? mostIdle : to - from;
    pieces.push({ from, to, shown, ms });
    shown += ms;
  }
  return pieces;
}

/** Overlapping stretches as one, in order. */
function union(stretches: readonly [number, number][]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [from, to] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** How long a replay stays at a moment before the next, in milliseconds: as it was, but a pause bores nobody. */
export const replayDelay = (from: string, to: string, speed: number): number =>
  Math.max(60, Math.min(1500, (Date.parse(to) - Date.parse(from)) / speed));
