import { bigint, text } from '#src/store/drizzle.ts';
import { sentra } from '#src/store/schema.ts';

/** The last batch that each log pipeline committed: a batch sent again after an unclear commit is not stored twice. */
export const logProducers = sentra.table('log_producers', {
  id: text().primaryKey(),
  lastBatch: bigint('last_batch', { mode: 'number' }).notNull(),
});
