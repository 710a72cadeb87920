/** Makes what a producer hands over fit to be kept: redacted, storable, of bounded size. */
import type { LogMetadata } from '#src/domain/log.ts';
import { mapText, type Redactor } from '#src/logs/redactor.ts';
import { storableText } from '#src/store/text.ts';

const maxBytes = 64 * 1024;

/** `whole` where it was too long for a line; `size`: of the whole, in bytes. */
export type CleanMessage = { message: string; whole: string | undefined; size: number };

export function cleanMessage(given: string, redact: Redactor): CleanMessage {
  const text = storableText(redact(given));
  const size = Buffer.byteLength(text);
  if (size <= maxBytes) return { message: text, whole: undefined, size };
  const kept = Buffer.from(text).subarray(0, maxBytes).toString().replace(/�+$/, ''); // half a character
  return { message: `${kept} … [cut: ${size} bytes]`, whole: text, size };
}

/** What is clean, by its JSON: most lines of a program have the same. */
const seen = new Map<string, Readonly<LogMetadata>>();
const mostSeen = 500;
const longestSeen = 1_000;

/** May be shared with other lines. */
export function cleanMetadata(metadata: object, redact: Redactor): Readonly<LogMetadata> {
  try {
    const json = JSON.stringify(metadata);
    const isClean = !json.includes('\\u') && redact(json) === json; // each time: a secret may be known only now
    const known = isClean ? seen.get(json) : undefined;
    if (known) return known;
    const plain: unknown = JSON.parse(json);
    if (isClean && json.length <= longestSeen) return remember(json, plain as LogMetadata);
    const clean = (isClean ? plain : mapText(plain, (text) => storableText(redact(text)))) as LogMetadata;
    const bytes = Buffer.byteLength(JSON.stringify(clean));
    if (bytes <= maxBytes) return clean;
    return { ...(clean.kind ? { kind: clean.kind } : {}), cut: `metadata of ${bytes} bytes left out` };
  } catch {
    return { cut: 'metadata left out: it is no JSON' }; // a circle, a bigint, thousands of levels: the line still counts
  }
}

function remember(json: string, metadata: LogMetadata): Readonly<LogMetadata> {
  if (seen.size >= mostSeen) seen.clear();
  seen.set(json, Object.freeze(metadata));
  return metadata;
}
