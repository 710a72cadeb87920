/** When the model says that a credential is used up, and until when: then a session ends, instead of holding its slot. */
import type { IncomingHttpHeaders } from 'node:http';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';

export type RateLimit = { /** ISO 8601. */ until: string; why: string };

/** A shorter wait is left to the agent itself. */
export const longestRetryMs = 60_000;

/** What Claude Code tells of the limits of a subscription. */
export function findRateLimit(message: SDKMessage): RateLimit | undefined {
  if (message.type !== 'rate_limit_event') return undefined;
  const { status, resetsAt, rateLimitType } = message.rate_limit_info;
  if (status !== 'rejected' || resetsAt === undefined) return undefined;
  const name = (rateLimitType ?? 'usage').replaceAll('_', ' ');
  return { until: new Date(resetsAt * 1000).toISOString(), why: `the ${name} limit is used up` };
}

/**
 * When the limit of an answer with status 429 ends, in milliseconds since 1970: `retry-after` (RFC 9110 §10.2.3, seconds or a
 * date), else the latest of Anthropic's reset headers (seconds since 1970 or RFC 3339).
 */
export function readLimitEnd(headers: IncomingHttpHeaders, now = Date.now()): number | undefined {
  const after = headers['retry-after'];
  if (after) return validTime(/^\d+$/.test(after) ? now + Number(after) * 1000 : Date.parse(after));
  const resets = Object.entries(headers)
    .filter(([name]) => name.startsWith('anthropic-ratelimit-') && name.endsWith('-reset'))
    .map(([, value]) => validTime(/^\d+$/.test(String(value)) ? Number(value) * 1000 : Date.parse(String(value))))
    .filter((time): time is number => time !== undefined && time > now);
  return resets.length ? Math.max(...resets) : undefined;
}

/** Undefined for what is no time, or one that no calendar has. */
const validTime = (time: number): number | undefined => (Number.isNaN(new Date(time).getTime()) ? undefined : time);
