/** How a secret may look where programs print it: as it is, and in each encoding that is usual. */

/** Shorter forms would black out ordinary words. */
export const minLength = 8;

export function formsOf(value: string): string[] {
  const texts = [value, value.replace(/[\r\n]+/g, ''), ...linesOf(value)];
  const forms = new Set(texts.flatMap((text) => (text.length < minLength ? [] : encoded(text))));
  for (const form of [...forms]) forms.add(Buffer.from(form).toString('latin1')); // as bytes that nobody decoded
  return [...forms].filter((form) => form.length >= minLength);
}

/** A key of several lines is also told line by line, indented or quoted. */
const linesOf = (value: string): string[] =>
  value.includes('\n')
    ? value
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line.length >= 16 && !line.startsWith('-----'))
    : [];

function encoded(value: string): string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const json = JSON.stringify(value).slice(1, -1);
  const address = value.isWellFormed() ? encodeURIComponent(value) : value;
  const base64 = [0, 1, 2].map((offset) => base64At(bytes, offset));
  return [
    value,
    json,
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    address,
    address.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    address.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    new URLSearchParams({ v: value }).toString().slice(2), // a blank is + there
    value.replace(/[&<>"']/g, (char) => entities[char] ?? char),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** The characters that are the same whatever stands around it, `offset` bytes behind the start of a group of three. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const first = Math.ceil((offset * 8) / 6);
  return text.slice(first, Math.floor(((offset + bytes.length) * 8) / 6));
}
