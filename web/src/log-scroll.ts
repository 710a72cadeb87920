/**
 * Where a list of any length stands. A browser cannot make an element of a million lines' height everywhere, so the scroll bar
 * speaks of a space of bounded height, and what is shown hangs on an anchor: one row and where its top is. Pure.
 */
export const rowHeight = 20;
/** Firefox ends at about 17 million pixels. */
const tallest = 6_000_000;
const spare = 6;

/** `y`: pixels from the top of the view to the top of the row. `end`: the last row stands at the bottom, also of lines to come. */
export type Anchor = 'end' | { position: number; y: number };
/** `view`: its height in pixels. */
export type Geometry = { total: number; view: number; wrap: boolean };

export const spaceOf = ({ total }: Geometry) => Math.min(total * rowHeight, tallest);

/** Whether a pixel of the scroll bar is a pixel of lines. */
export const isExact = ({ total, wrap }: Geometry) => !wrap && total * rowHeight <= tallest;

/** What a place of the scroll bar means. */
export function anchorAt(top: number, geometry: Geometry): Anchor {
  const range = rangeOf(geometry);
  if (top >= range - 1) return 'end';
  const pixels = (Math.max(0, top) / range) * pixelsOf(geometry);
  return { position: Math.floor(pixels / rowHeight), y: -(pixels % rowHeight) };
}

/** The place of the scroll bar that shows an anchor. */
export function topOf(anchor: Anchor, geometry: Geometry): number {
  const range = rangeOf(geometry);
  if (anchor === 'end') return range;
  const pixels = anchor.position * rowHeight - anchor.y;
  return Math.max(0, Math.min(range, (pixels / Math.max(1, pixelsOf(geometry))) * range));
}

/** The rows that fill the view, `to` exclusive; lines that wrap are higher, so there are never too few. */
export function rowsOf(anchor: Anchor, { total, view }: Geometry): { from: number; to: number } {
  const screen = Math.ceil(view / rowHeight) + spare;
  if (anchor === 'end') return { from: Math.max(0, total - screen), to: total };
  const position = Math.min(anchor.position, Math.max(0, total - 1));
  const above = Math.ceil(Math.max(0, anchor.y) / rowHeight) + spare;
  const below = Math.ceil(Math.max(0, view - anchor.y) / rowHeight) + spare;
  const from = Math.max(0, Math.min(position - above, total - screen));
  return { from, to: Math.min(total, Math.max(position + below, from + screen)) };
}

const rangeOf = (geometry: Geometry) => Math.max(1, spaceOf(geometry) - geometry.view);
const pixelsOf = ({ total, view }: Geometry) => Math.max(0, total * rowHeight - view);

export type Row = { position: number; top: number; height: number };

/**
 * How far the rendered rows move so that the anchor holds, nothing is empty above the first line and nothing below the last;
 * and the row at the top of the view afterwards. `rows` are all that is rendered, in order, with their places among themselves.
 */
export function settle(
  anchor: Anchor,
  rows: readonly Row[],
  { total, view }: Pick<Geometry, 'total' | 'view'>,
): { shift: number; anchor: Anchor; isAtEnd: boolean } {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return { shift: 0, anchor, isAtEnd: true };
  const bottom = last.top + last.height;
  const held = anchor === 'end' ? undefined : (rows.findLast((row) => row.position <= anchor.position) ?? first);
  let shift = anchor === 'end' || !held ? view - bottom : anchor.y - held.top;
  if (last.position === total - 1) shift = Math.max(shift, view - bottom);
  if (first.position === 0) shift = Math.min(shift, 0 - first.top);
  const isAtEnd = last.position === total - 1 && bottom + shift <= view + 1;
  const seen = rows.find((row) => row.top + row.height + shift > 0) ?? last;
  return { shift, anchor: { position: seen.position, y: seen.top + shift }, isAtEnd };
}
