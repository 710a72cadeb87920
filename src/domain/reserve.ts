/** How much of a disk or of memory must stay free before anything new starts, as people write it: `2GB`, `10%`, `2GB,10%`. */

export type Reserve = {
  bytes: number;
  /** Of the whole, 0 to 100. */
  percent: number;
  /** What the percentage asks for at most: a large disk needs no larger margin. */
  percentAtMost: number;
};

const units: Readonly<Record<string, number>> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** Undefined when the text is none. */
export function parseReserve(text: string): Reserve | undefined {
  const reserve: Reserve = { bytes: 0, percent: 0, percentAtMost: Number.MAX_SAFE_INTEGER };
  for (const part of text.split(',').map((one) => one.trim().toLowerCase())) {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*(%|[kmgt]?b)?$/.exec(part) ?? [];
    if (amount === undefined) return undefined;
    if (unit !== '%') reserve.bytes = Math.round(Number(amount) * (units[unit === 'b' ? '' : unit] ?? 1));
    else if (Number(amount) > 100) return undefined;
    else reserve.percent = Number(amount);
  }
  return reserve;
}

/** The greater of both, in the unit of `total`. */
export const reserveOf = (reserve: Reserve, total: number): number =>
  Math.max(reserve.bytes, Math.min((total * reserve.percent) / 100, reserve.percentAtMost));

/** Opening again takes a fifth more than closing, so that what hovers at the edge does not flutter. */
export const isShort = (free: number, floor: number, wasShort: boolean): boolean =>
  free < (wasShort ? floor * 1.2 : floor);
