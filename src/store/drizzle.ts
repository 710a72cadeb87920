/** Drizzle by one door: Node reads the 130 kB of its package.json again for every import that names it, a fifth of a second of each start. */
export * from 'drizzle-orm';
export {
  type AnyPgColumn,
  alias,
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  PgTransaction,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
