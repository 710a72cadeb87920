import { type AnyColumn, type SQL, sql } from '#src/store/drizzle.ts';

/** Like `inArray`, but with one parameter for all values: a statement takes 65,535 of them at most. */
export const isOneOf = (column: AnyColumn | SQL, values: readonly string[]): SQL =>
  sql`${column} = any(${sql.param([...values])}::text[])`;
