/** The one place where what was thrown becomes an HTTP answer. What is not expected leaks nothing. */
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type Failure, httpStatus, SentraError } from '#src/errors.ts';
import { isUnavailable, unavailable } from '#src/store/database-error.ts';

export function answerError(c: Context, thrown: unknown, report: (e: unknown) => void): Response {
  const e = expected(thrown);
  if (!e) report(thrown);
  const failure: Failure = e?.toFailure() ?? {
    code: 'bug',
    message: 'Sentra failed inside while answering this; its own log says how. Nothing is wrong with the request.',
  };
  return c.json({ error: failure }, (e ? httpStatus(e.code) : 500) as ContentfulStatusCode);
}

function expected(thrown: unknown): SentraError | undefined {
  if (thrown instanceof SentraError) return thrown;
  if (isUnavailable(thrown)) return unavailable(thrown);
  if (thrown instanceof HTTPException && thrown.status < 500) return new SentraError('invalid', thrown.message);
  return undefined;
}
