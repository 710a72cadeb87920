import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Client } from '#src/client/client.ts';
import { patience } from './sentra.ts';
import { addWitness } from './witnesses.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];

/** The system's Chromium, without the connections it makes by itself. */
export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
  const executablePath = places.find((place) => existsSync(place));
  if (!executablePath) throw new Error('The browser tests need Chromium: `apt-get install chromium`.');
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
  browser.on('context', (context) => context.setDefaultTimeout(patience * 30_000));
  const dismiss = addWitness(async () =>
    (
      await Promise.all(
        browser
          .contexts()
          .flatMap((c) => c.pages())
          .map(describe),
      )
    ).join('\n'),
  );
  browser.once('disconnected', dismiss);
  return browser;
}

async function describe(page: Page): Promise<string> {
  const text = await page.locator('body').ariaSnapshot({ timeout: 5_000 }).catch(String);
  return `The page at ${page.url()} showed:\n${text}`;
}

/** By a link that works once; from here on every page is open to it. */
export async function signIn(page: Page, client: Pick<Client, 'createLoginLink'>): Promise<void> {
  await page.goto((await client.createLoginLink()).url);
  await page.waitForURL(({ pathname }) => pathname !== '/login', { timeout: 60_000 });
}
