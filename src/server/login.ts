/**
 * One-time codes that turn a link into a cookie. Codes live in memory; the cookie's value is derived from the token, so it
 * survives a restart, ends when the token changes, and does not give the token away.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SentraError } from '#src/errors.ts';

export type LoginLink = { url: string; expiresAt: string };
export type Logins = {
  createLink(baseUrl: string): LoginLink;
  /** The session for a cookie. Each code works once. Throws `unauthorized`, or `forbidden` after too many wrong ones. */
  redeem(code: string): string;
};

const lifetimeMs = 10 * 60_000;
const maxWrong = 20;
const wrongWindowMs = 60_000;

export function createLogins(token: string): Logins {
  const expiries = new Map<string, number>();
  let wrong: number[] = [];
  return {
    createLink(baseUrl) {
      const now = Date.now();
      for (const [code, expiresAt] of expiries) if (expiresAt < now) expiries.delete(code);
      const code = randomBytes(16).toString('base64url');
      expiries.set(code, now + lifetimeMs);
      return { url: `${baseUrl}/login#code=${code}`, expiresAt: new Date(now + lifetimeMs).toISOString() };
    },
    redeem(code) {
      const now = Date.now();
      wrong = wrong.filter((at) => at > now - wrongWindowMs);
      if (wrong.length >= maxWrong)
        throw new SentraError('forbidden', 'Too many wrong login codes: wait a minute, then ask for a new link.');
      const expiresAt = expiries.get(code);
      expiries.delete(code);
      if (expiresAt !== undefined && expiresAt >= now) return sessionOf(token);
      wrong.push(now);
      throw new SentraError(
        'unauthorized',
        'This login link was used before or has expired: get a new one with `npx sentra open`.',
      );
    },
  };
}

export const sessionOf = (token: string): string =>
  createHmac('sha256', token).update('sentra session 1').digest('base64url');

/** Equal or not, in a time that does not depend on where they differ. */
export const isSameSecret = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string) => createHash('sha256').update(text).digest();
