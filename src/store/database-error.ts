/** What an error of PostgreSQL or of the way to it means for the caller. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SentraError } from '#src/errors.ts';

const lostConnection = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const lostMessage =
  /connection terminated|timeout e\w+( when trying to connect)?$|client (has encountered a connection|was closed)/i;

const retryMs = 200;

/** Since the start of this process: `unavailable` how often it found no database, `repeated` transactions that were in each other's way. */
export const databaseErrors = { unavailable: 0, repeated: 0 };

/** Repeats `work`, which must bear it, for as long as the database is away. Throws what else it throws. */
export async function whenAvailable<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (e) {
      if (!isUnavailable(e) || signal?.aborted) throw e;
      databaseErrors.unavailable++;
      await sleep(retryMs);
    }
  }
}

/** The server is away, starting, stopping or full of connections, or nobody had gone on with a transaction: it may work later. */
export function isUnavailable(thrown: unknown): boolean {
  if (thrown instanceof SentraError) return thrown.code === 'database_unavailable';
  return causesOf(thrown).some(
    (e) => lostConnection.has(e.code ?? '') || /^(08|57P0|53|25P03)/.test(e.code ?? '') || lostMessage.test(e.message),
  );
}

/** Another transaction was in the way, or another process changed the tables: the same one again may pass. */
export const shouldRepeat = (thrown: unknown): boolean =>
  isStalePlan(thrown) || causesOf(thrown).some((e) => e.code === '40001' || e.code === '40P01');

/** A statement was prepared for tables that are no longer the same. */
export const isStalePlan = (thrown: unknown): boolean =>
  causesOf(thrown).some((e) => e.code === '0A000' && /^cached plan/.test(e.message));

/** A row with this key is there already. */
export const isDuplicate = (thrown: unknown): boolean => causesOf(thrown).some((e) => e.code === '23505');

export function unavailable(cause: unknown): SentraError {
  if (cause instanceof SentraError) return cause;
  databaseErrors.unavailable++;
  const root = causesOf(cause).at(-1)?.message || messageOf(cause);
  return new SentraError(
    'database_unavailable',
    `The database does not answer (${root}). An embedded one is started again by the server; for your own, check DATABASE_URL and that it runs.`,
    { cause },
  );
}

/** drizzle wraps what pg throws, and Node wraps refused connections to several addresses. */
export function causesOf(thrown: unknown): { code?: string; message: string }[] {
  const found: { code?: string; message: string }[] = [];
  for (let e = thrown; e instanceof Error && found.length < 5; e = e.cause ?? (e as AggregateError).errors?.[0])
    found.push(e as Error & { code?: string });
  return found;
}
