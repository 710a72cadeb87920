// Development: the server starts again when its sources change, the page is served by vite and reloads itself.
// Open the link that the server prints first (it sets the cookie), then http://127.0.0.1:5173.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const prepared = spawnSync(process.execPath, ['scripts/bootstrap.mjs', '--host'], { stdio: 'inherit' });
if (prepared.status !== 0) process.exit(prepared.status ?? 1);

const node = fs.existsSync('node_modules/.bin/node') ? 'node_modules/.bin/node' : process.execPath;
const target = `http://127.0.0.1:${Number(process.env.SENTRA_PORT) || 4400}`;
const server = spawn(node, ['--watch', 'src/main.ts', 'up'], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.once('close', (code) => process.exit(code ?? 1));

// The server refuses foreign origins: the proxy speaks as the server's own page.
const ownOrigin = (proxy) => {
  for (const event of ['proxyReq', 'proxyReqWs'])
    proxy.on(event, (request) => {
      if (request.getHeader('origin')) request.setHeader('origin', target);
    });
};
const route = { target, changeOrigin: true, ws: true, configure: ownOrigin };
const { createServer } = await import('vite');
const vite = await createServer({
  configFile: 'vite.config.ts',
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': route, '^/logs/': route, '/openapi.json': route } },
});
await vite.listen();
vite.printUrls();
