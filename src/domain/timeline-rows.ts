/** A timeline as rows, for a page and for a terminal: what says nothing is left out, what is much is folded. Pure. */
import type { Span } from '#src/domain/span.ts';

export type TimelineRow = {
  span: Span;
  depth: number;
  /** Rows that are folded away, or shown below it; 0: there is nothing to unfold. */
  inside: number;
  open: boolean;
};

export type RowOptions = {
  /** Whether what is in a span is shown. */
  isOpen: (span: Span) => boolean;
  /** Also what took no time and went well. */
  all: boolean;
  /** Milliseconds of the epoch. */
  now: number;
};

/** In order. An attempt that is the only one of its phase is that phase. */
export function rowsOf(spans: readonly Span[], { isOpen, all, now }: RowOptions): TimelineRow[] {
  const children = Map.groupBy(spans, ({ parentId }) => parentId);
  const below = (id: string): Span[] => {
    const own = (children.get(id) ?? []).filter((span) => all || !isShort(span, now));
    const attempts = own.filter(({ kind }) => kind === 'attempt');
    return attempts.length === 1 ? own.flatMap((span) => (span.kind === 'attempt' ? below(span.id) : [span])) : own;
  };
  const rows = (span: Span, depth: number): TimelineRow[] => {
    const inside = below(span.id);
    const open = isOpen(span);
    const row = { span, depth, inside: inside.length, open };
    return open ? [row, ...inside.flatMap((child) => rows(child, depth + 1))] : [row];
  };
  return (children.get(null) ?? []).flatMap((span) => rows(span, 0));
}

/** Tool calls are folded, and the parts of a set-up that went well. */
export const isOpenByItself = ({ kind, status }: Span): boolean =>
  kind === 'setup' ? status !== 'ok' : kind !== 'session';

const shortMs = 1000;

function isShort({ kind, status, startedAt, endedAt }: Span, now: number): boolean {
  const tookMs = (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt);
  return (kind === 'step' || kind === 'wait') && status === 'ok' && tookMs < shortMs;
}
