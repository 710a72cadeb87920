/** Makes what a producer hands over fit to be kept: redacted, storable, of bounded size. */
import type { LogMetadata } from '#src/domain/log.ts';
import type { Redactor } from '#src/logs/redactor.ts';
import { storableText } from '#src/store/text.ts';

const maxBytes = 64 * 1024;

export const cleanMessage = (message: string, redact: Redactor): string => cut(storableText(redact(message)));

export function cleanMetadata(metadata: object, redact: Redactor): LogMetadata {
  try {
    const plain: unknown = JSON.parse(JSON.stringify(metadata));
    const clean = mapText(plain, (text) => storableText(redact(text))) as LogMetadata;
    const bytes = Buffer.byteLength(JSON.stringify(clean));
    if (bytes <= maxBytes) return clean;
    return { ...(clean.kind ? { kind: clean.kind } : {}), cut: `metadata of ${bytes} bytes left out` };
  } catch {
    return { cut: 'metadata left out: it is no JSON' }; // a circle, a bigint, thousands of levels: the line still counts
  }
}

function cut(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const kept = Buffer.from(text).subarray(0, maxBytes).toString().replace(/�+$/, ''); // half a character
  return `${kept} … [cut: ${bytes} bytes]`;
}

function mapText(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapText(item, map));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapText(item, map)]));
}
