import type { Queryable } from '#src/store/database.ts';
import { is, PgTransaction } from '#src/store/drizzle.ts';

type Reads = readonly (() => Promise<unknown>)[];
type Results<R extends Reads> = { -readonly [At in keyof R]: Awaited<ReturnType<R[At]>> };

/** Reads that do not need each other: side by side, where each may have a connection of its own; a transaction has one, which answers one at a time. */
export async function readAll<const R extends Reads>(db: Queryable, reads: R): Promise<Results<R>> {
  if (!is(db, PgTransaction)) return (await Promise.all(reads.map((read) => read()))) as Results<R>;
  const results: unknown[] = [];
  for (const read of reads) results.push(await read());
  return results as Results<R>;
}
