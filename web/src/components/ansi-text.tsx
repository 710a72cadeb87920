import { markPieces, piecesOf } from '../ansi.ts';

/** Terminal text in its colours, with the places where `query` is found marked. */
export function AnsiText({ text, query }: { text: string; query?: RegExp | undefined }) {
  return markPieces(piecesOf(text), query).map((piece, index) =>
    piece.found ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity but their place
      <mark key={index}>{piece.text}</mark>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      <span key={index} className={piece.className || undefined}>
        {piece.text}
      </span>
    ),
  );
}
