/**
 * What GitHub sends when something happened there. The body is signed with a secret that both sides know; nothing in it is
 * believed but which repository to look at, so a forged or repeated one can at most make Sentra look.
 */
import { createHmac } from 'node:crypto';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { SentraError } from '#src/errors.ts';
import { isSameSecret } from '#src/server/login.ts';

export type Webhook = {
  /** Undefined: webhooks are not taken. */
  secret: string | undefined;
  /** `repository`: owner/name. False when this delivery was taken before. */
  take(delivery: { id: string; repository: string }): Promise<boolean>;
};

export const webhookPath = '/api/webhooks/github';
/** GitHub's own limit. */
const maxBytes = 25 * 1024 * 1024;

const Delivery = z.object({ repository: z.object({ full_name: z.string() }).optional() });

/** Comes before the checks for people and programs: its token is the signature (docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries). */
export function serveWebhook(app: OpenAPIHono, { secret, take }: Webhook): void {
  app.post(webhookPath, bodyLimit({ maxSize: maxBytes, onError: () => refuseLarge() }), async (c) => {
    if (!secret)
      throw new SentraError(
        'not_found',
        'Webhooks are not taken: set SENTRA_WEBHOOK_SECRET here and the same secret at GitHub.',
      );
    const body = Buffer.from(await c.req.arrayBuffer());
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    if (!isSameSecret(c.req.header('x-hub-signature-256') ?? '', signature))
      throw new SentraError(
        'unauthorized',
        'The signature is not that of SENTRA_WEBHOOK_SECRET: set the same secret at GitHub.',
      );
    const id = c.req.header('x-github-delivery');
    const repository = Delivery.safeParse(parse(body)).data?.repository?.full_name;
    if (!id) throw new SentraError('invalid', 'X-GitHub-Delivery is missing: this does not come from GitHub.');
    const taken = repository ? await take({ id: id.slice(0, 100), repository }) : false; // a ping of an organisation has none
    return c.json({ ok: true, taken }, 202);
  });
}

function refuseLarge(): never {
  throw new SentraError('payload_too_large', 'The body is larger than 25 MiB, which GitHub itself does not send.');
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new SentraError(
      'invalid',
      'The body is no JSON: choose application/json as the content type of the webhook.',
    );
  }
}
