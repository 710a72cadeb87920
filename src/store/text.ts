/** What PostgreSQL refuses in text and jsonb, NUL and half of a surrogate pair, written out as an escape. */
const refused = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export function storableText(text: string): string {
  if (!text.includes('\0') && text.isWellFormed()) return text;
  return text.replace(refused, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
