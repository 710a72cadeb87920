/** Sends traces to a collector: OTLP over HTTP, JSON encoding (opentelemetry.io/docs/specs/otlp). Says how it went, throws nothing. */
import { messageOf } from '#src/errors.ts';
import type { OtlpTraces } from '#src/telemetry/otlp.ts';

export type Collector = {
  /** The whole address, with its path. */
  url: string;
  headers: Readonly<Record<string, string>>;
};

/** `refused`: the collector will never take it. `failed`: later it may. */
export type Sending = { outcome: 'taken' } | { outcome: 'refused' | 'failed'; message: string };

const timeoutMs = 10_000;

export async function sendTraces(collector: Collector, traces: OtlpTraces, signal: AbortSignal): Promise<Sending> {
  const { origin, pathname } = new URL(collector.url);
  const place = `The collector at ${origin}${pathname}`;
  try {
    const response = await fetch(collector.url, {
      method: 'POST',
      headers: { ...collector.headers, 'content-type': 'application/json' },
      body: JSON.stringify(traces),
      redirect: 'error', // the headers may hold a key
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = (await response.text()).slice(0, 300);
    if (response.ok) return { outcome: 'taken' };
    const message = `${place} answered ${response.status}${text ? `: ${text}` : ''}`;
    return { outcome: isWorthRepeating(response.status) ? 'failed' : 'refused', message };
  } catch (e) {
    const cause = e instanceof Error && e.cause instanceof Error ? `: ${messageOf(e.cause)}` : '';
    return { outcome: 'failed', message: `${place} cannot be reached: ${messageOf(e)}${cause}` };
  }
}

/** The statuses that the specification names, and those that mending a key or an address ends. */
const isWorthRepeating = (status: number): boolean => [401, 403, 404, 429, 502, 503, 504].includes(status);
