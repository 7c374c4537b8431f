import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { TestDashboard } from './dashboard.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = existsSync(executablePath);

/** What a browser does on its own, and would take time for. */
const quiet = [
  ...['--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** Chromium without a window; its own sandbox does not work for root. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...quiet],
  });
}

/** A page of a fresh browser profile; with a session cookie, signed in. */
export async function openPage(
  browser: Browser,
  dashboard: TestDashboard,
  { cookie, ...options }: BrowserContextOptions & { cookie?: string } = {},
): Promise<Page> {
  const context = await browser.newContext({
    ...{ ignoreHTTPSErrors: true, baseURL: dashboard.url },
    ...options,
  });
  if (cookie !== undefined) {
    const [name = '', value = ''] = cookie.split('=');
    const { url } = dashboard;
    await context.addCookies([{ name, value, url, secure: true, httpOnly: true }]);
  }
  return context.newPage();
}
