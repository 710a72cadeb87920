/** Prices that somebody set, over those that Sentra comes with. */

import { defaultPrices } from '#src/domain/default-prices.ts';
import { toMicros, toUsd } from '#src/domain/money.ts';
import type { Price, Rates } from '#src/domain/price.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { prices } from '#src/store/schema-costs.ts';
import { toIso } from '#src/store/time.ts';

export const serverScope = 'server';

/** All that hold for a project, or for all of them: its own, the server's, the defaults. */
export async function listPrices(db: Queryable, projectId?: string): Promise<Price[]> {
  const scopes = [serverScope, ...(projectId === undefined ? [] : [projectId])];
  const rows = await db.select().from(prices).where(isOneOf(prices.scope, scopes)).orderBy(prices.model);
  const set = rows.map(
    (row): Price => ({
      model: row.model,
      inputUsd: toUsd(row.inputMicros),
      outputUsd: toUsd(row.outputMicros),
      cacheReadUsd: toUsd(row.cacheReadMicros),
      cacheWriteUsd: toUsd(row.cacheWriteMicros),
      scope: row.scope === serverScope ? 'server' : 'project',
      source: row.source,
      asOf: toIso(row.setAt),
    }),
  );
  return [
    ...set.filter(({ scope }) => scope === 'project'),
    ...set.filter(({ scope }) => scope === 'server'),
    ...defaultPrices,
  ];
}

export type NewPrice = { scope: string; model: string; rates: Rates; source: string };

export async function setPrice(tx: Queryable, { scope, model, rates, source }: NewPrice): Promise<void> {
  const values = {
    inputMicros: toMicros(rates.inputUsd),
    outputMicros: toMicros(rates.outputUsd),
    cacheReadMicros: toMicros(rates.cacheReadUsd),
    cacheWriteMicros: toMicros(rates.cacheWriteUsd),
    source,
    setAt: sql`now()`,
  };
  await tx
    .insert(prices)
    .values({ scope, model, ...values })
    .onConflictDoUpdate({ target: [prices.scope, prices.model], set: values });
}

/** False when there was none. */
export async function removePrice(tx: Queryable, scope: string, model: string): Promise<boolean> {
  const where = and(eq(prices.scope, scope), eq(prices.model, model));
  return (await tx.delete(prices).where(where).returning({ model: prices.model })).length === 1;
}
