let last = { at: 0, text: '' };

/** Now, as text: lines of one millisecond share it. */
export function timeText(): string {
  const at = Date.now();
  if (at !== last.at) last = { at, text: new Date(at).toISOString() };
  return last.text;
}
