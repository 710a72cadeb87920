/** Takes known secrets out of what people will read: as they are, in base64, and as URLs carry them. */
export type Redactor = (text: string) => string;

const placeholder = '[redacted]';
/** Shorter values would black out ordinary words. */
const minLength = 8;

export function createRedactor(values: readonly string[]): Redactor {
  const forms = new Set(values.filter((value) => value.length >= minLength).flatMap(formsOf));
  if (forms.size === 0) return (text) => text;
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
  return (text) => text.replace(pattern, placeholder);
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const form = new URLSearchParams({ v: value }).toString().slice(2); // a blank is + there
  const encoded = value.isWellFormed() ? encodeURIComponent(value) : value;
  return [value, base64, bytes.toString('base64url'), encoded, form];
}

const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
