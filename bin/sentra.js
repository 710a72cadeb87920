#!/usr/bin/env node
// Starts src/main.ts. A Node that cannot run TypeScript hands over to the one that Sentra brings.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../src/main.ts', import.meta.url);
const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (process.features.typescript) {
  process.argv[1] = fileURLToPath(main);
  await import(main.href);
} else if (fs.existsSync(own)) {
  const child = spawn(own, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal signals its whole foreground group, so the child has these two already and decides how to end.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('close', (code) => process.exit(code ?? 1));
} else {
  console.error(
    `Sentra needs Node 22.18 or newer; this is ${process.versions.node}. In a checkout run "npm start" once: on Linux it ` +
      'brings its own. Elsewhere install Node 24 (https://nodejs.org).',
  );
  process.exitCode = 1;
}
