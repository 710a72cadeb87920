/** Terminal text as coloured pieces. Text goes to React as text, so nothing in a log line can become markup. */
import Anser from 'anser';

const mostMarks = 200;

export type Piece = { text: string; className: string };

// Operating system commands (titles, hyperlinks) and stray control characters; colours are left for Anser.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is searched for
const noise = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[()][0-9A-Za-z]|[\u0000-\u0008\u000b-\u001a\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts every colour
const colour = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

export function piecesOf(message: string): Piece[] {
  const text = message.replace(noise, '');
  if (!text.includes('\u001b')) return [{ text, className: '' }];
  return Anser.ansiToJson(text, { use_classes: true, remove_empty: true }).map((part) => ({
    text: part.content,
    className: [part.fg, part.bg && `${part.bg}-bg`, ...(part.decorations ?? [])].filter(Boolean).join(' '),
  }));
}

export const plainText = (message: string) => message.replace(noise, '').replace(colour, '');

/** The pieces cut at every place where `query` (with the flag g) is found in their joined text; found parts are marked. */
export function markPieces(pieces: readonly Piece[], query: RegExp | undefined): (Piece & { found: boolean })[] {
  if (!query) return pieces.map((piece) => ({ ...piece, found: false }));
  const whole = pieces.map((piece) => piece.text).join('');
  const found = [...whole.matchAll(query)]
    .filter(([text]) => text)
    .slice(0, mostMarks)
    .map(({ 0: text, index }) => [index, index + text.length] as const);
  const cuts = new Set(found.flat());
  const out: (Piece & { found: boolean })[] = [];
  let start = 0;
  for (const piece of pieces) {
    const end = start + piece.text.length;
    const inner = [...cuts].filter((cut) => cut > start && cut < end).sort((a, b) => a - b);
    const edges = [start, ...inner, end];
    for (let i = 0; i + 1 < edges.length; i++) {
      const [from, to] = [edges[i] as number, edges[i + 1] as number];
      out.push({
        ...piece,
        text: piece.text.slice(from - start, to - start),
        found: found.some(([a, b]) => from >= a && to <= b),
      });
    }
    start = end;
  }
  return out;
}
