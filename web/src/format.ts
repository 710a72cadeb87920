/** Times, money and sizes as people read them. */

/** `48s`, `1m 04s`, `2h 05m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes === 0) return `${seconds}s`;
  if (hours === 0) return `${minutes}m ${pad(seconds % 60)}s`;
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** The same for what may take only a moment: `340ms`, `4.2s`. */
export function formatSpan(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(ms);
}

/** US dollars, in cents; what is less than one has more places. */
export const formatUsd = (usd: number) => `$${usd.toFixed(usd > 0 && usd < 0.01 ? 4 : 2)}`;

/** US dollars; where a part has no price what is known at least, an en dash for nothing. */
export function formatCost(usd: number | null, knownUsd = 0): string {
  if (usd !== null) return formatUsd(usd);
  return knownUsd > 0 ? `≥ ${formatUsd(knownUsd)}` : '–';
}

export const formatCount = (count: number) => count.toLocaleString('en-US');

/** `14:03` in the viewer's time zone. */
export const formatClock = (iso: string) => {
  const date = new Date(iso);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
};

/** `14:03:58.204` in the viewer's time zone. */
export const formatClockMs = (iso: string) => {
  const date = new Date(iso);
  return `${formatClock(iso)}:${pad(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
};

/** `14:03, 22m 04s ago`, with the day when it is not today. */
export function formatSince(iso: string, now: number): string {
  const date = new Date(iso);
  const today = new Date(now).toDateString() === date.toDateString();
  const day = today ? '' : `${date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })} `;
  return `${day}${formatClock(iso)}, ${formatDuration(now - date.getTime())} ago`;
}

/** `18:51`, with the day when it is not today. */
export function formatUntil(iso: string, now: number): string {
  const date = new Date(iso);
  if (new Date(now).toDateString() === date.toDateString()) return formatClock(iso);
  return `${date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })} ${formatClock(iso)}`;
}

/** Times inside a sentence of the server, as the viewer's clock shows them. */
export const withClocks = (text: string, now: number) =>
  text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d(:[\d.]+)?Z/g, (iso) => formatUntil(iso, now));

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `1 file`, `2 files`. */
export const plural = (count: number, noun: string, many = `${noun}s`) =>
  `${formatCount(count)} ${count === 1 ? noun : many}`;

export const milliseconds = (from: string | null, to: string | null, now: number) =>
  from === null ? undefined : (to === null ? now : Date.parse(to)) - Date.parse(from);

const pad = (value: number) => String(value).padStart(2, '0');
