/** Where a text was found in whole blocks, which never change: asked once, known for the next page, the counts and the next match. */
const mostBytes = 32 * 1024 * 1024;
/** What a block costs beside its positions. */
const blockBytes = 200;

export type KnownMatches = {
  /** Positions in the block, none where it has no match; undefined when it was not looked at. */
  find(block: number): Uint16Array | undefined;
  add(block: number, positions: Uint16Array): void;
};

/** Forgets the searches that nobody used for longest. */
export function createMatchCache(limit = mostBytes): { of(search: string): KnownMatches } {
  const searches = new Map<string, { blocks: Map<number, Uint16Array>; bytes: number }>();
  let bytes = 0;
  const forget = () => {
    for (const [search, known] of searches) {
      if (bytes <= limit) return;
      searches.delete(search);
      bytes -= known.bytes;
    }
  };
  return {
    of(search) {
      const known = searches.get(search) ?? { blocks: new Map<number, Uint16Array>(), bytes: 0 };
      searches.delete(search);
      searches.set(search, known);
      return {
        find: (block) => known.blocks.get(block),
        add: (block, positions) => {
          if (searches.get(search) !== known || known.blocks.has(block)) return;
          known.blocks.set(block, positions);
          known.bytes += positions.byteLength + blockBytes;
          bytes += positions.byteLength + blockBytes;
          forget();
        },
      };
    },
  };
}
