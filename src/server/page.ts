/** The built dashboard: its files, and its first page for every other path. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { HostNames } from '#src/server/guard.ts';

/** Nothing from elsewhere runs, and nobody may frame the page. */
export const secureHeaders =
  (hosts: HostNames): MiddlewareHandler =>
  async (c, next) => {
    const sockets = hosts().map((host) => `ws://${host}`);
    c.header(
      'content-security-policy',
      [
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        `connect-src 'self' ${sockets.join(' ')}`,
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    );
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header('cross-origin-resource-policy', 'same-origin');
    c.header('cross-origin-opener-policy', 'same-origin');
    await next();
  };

/** What needs a token is in no cache, where others of this machine could find it. */
export const keepNothing: MiddlewareHandler = async (c, next) => {
  c.header('cache-control', 'no-store');
  await next();
};

export function servePage(app: OpenAPIHono, webRoot: string | undefined): void {
  const index = webRoot && path.join(webRoot, 'index.html');
  if (!index || !existsSync(index)) {
    app.get('*', (c) => c.text('The dashboard is not built: run `npm run build`, then start Sentra again.\n', 503));
    return;
  }
  const files = serveStatic({
    root: webRoot,
    onFound: (file, c) => {
      const isHashed = file.includes(`${path.sep}assets${path.sep}`);
      c.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.get('*', files);
  app.get('/assets/*', (c) => c.notFound());
  app.get('*', async (c) => {
    c.header('cache-control', 'no-cache');
    return c.html(await readFile(index, 'utf8'));
  });
}
