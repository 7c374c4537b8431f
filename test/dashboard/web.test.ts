import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mask } from '../../protocol/credential.ts';
import { catalog } from '../../src/provider/catalog.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Where pictures of the pages go when somebody wants to look at them. */
const shots = process.env.SYNSC_SHOTS;
const pages = ['/credentials', '/sessions', '/devices', '/audit', '/device'];

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const serviceAccount = JSON.stringify({
  type: 'service_account',
  private_key_id: '0123456789abcdef0123456789abcdef01234567',
  private_key: privateKey,
  client_email: 'demo@demo.iam.gserviceaccount.com',
});

/** What a person pastes, and how much of it may be seen afterwards. */
const values = catalog.flatMap(({ id, variables }) =>
  variables
    .filter(({ optional }) => optional === undefined)
    .map(({ name, kind, example }) => {
      const value = kind === 'json' ? serviceAccount : example;
      return { provider: id, name, value, tail: kind === 'json' ? '••••' : mask(value) };
    }),
);

let dashboard: TestDashboard;
let browser: Browser;

describe.skipIf(!existsSync(executablePath))(
  'in Chromium, without JavaScript (needs Chromium)',
  () => {
    let page: Page;

    beforeAll(async () => {
      dashboard = await startTestDashboard({ database: 'pglite' });
      browser = await chromium.launch({
        executablePath,
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      });
      page = await open({ javaScriptEnabled: false });
    });
    afterAll(async () => {
      await browser.close();
      await dashboard.close();
    });

    async function open(options: BrowserContextOptions): Promise<Page> {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        baseURL: dashboard.url,
        ...options,
      });
      return context.newPage();
    }

    test('sign up, paste all six, and see masks only', async () => {
      await page.goto('/sign-up');
      await page.fill('[name=email]', 'ada@example.com');
      await page.fill('[name=password]', 'correct horse battery');
      await page.click('main button[type=submit]');
      expect(new URL(page.url()).pathname).toBe('/credentials');
      for (const { id } of catalog) {
        for (const { name, value } of values.filter(({ provider }) => provider === id)) {
          await page.fill(`[name=${name}]`, value);
        }
        await page.click(`form[action="/credentials/${id}"] button[type=submit]`);
      }
      const shown = await page.content();
      for (const { value } of values) expect(shown).not.toContain(`value="${value}"`);
      for (const { tail } of values) expect(shown).toContain(tail);
      expect(shown).not.toContain('BEGIN PRIVATE KEY');
      expect(await page.getByText('Version 1').count()).toBe(6);
    });

    test('replace one and delete another', async () => {
      await page.goto('/credentials');
      await page.click('#lambda summary >> nth=0');
      await page.fill('[name=LAMBDA_API_KEY]', 'secret_EXAMPLE_another_onlyNotReal_04');
      await page.click('form[action="/credentials/lambda"] button[type=submit]');
      expect(await page.textContent('#lambda')).toContain('Version 2');
      await page.click('#wandb summary >> nth=1');
      await page.click('form[action="/credentials/wandb/delete"] button[type=submit]');
      expect(await page.textContent('#wandb')).toContain('Not set');
    });

    test('a wrong value is refused beside its field and not shown again', async () => {
      await page.goto('/credentials');
      await page.click('#huggingface summary >> nth=0');
      await page.fill('[name=HF_TOKEN]', 'not-a-token-at-all');
      await page.click('form[action="/credentials/huggingface"] button[type=submit]');
      expect(await page.locator('[role=alert]').first().textContent()).toBeTruthy();
      expect(await page.content()).not.toContain('not-a-token-at-all');
    });

    test('a code is confirmed, and the device can be revoked', async () => {
      const answer = await dashboard.form('/oauth/device_authorization', {
        client_id: 'synsc-cli',
        device_name: 'ada@<laptop>',
      });
      const { user_code } = JSON.parse(answer.text) as { user_code: string };
      await page.goto('/device');
      await page.fill('[name=user_code]', user_code.toLowerCase());
      await page.click('main button[type=submit]');
      expect(new URL(page.url()).pathname).toBe('/device/confirm');
      expect(await page.textContent('main')).toContain('ada@<laptop>');
      await picture(page, 'confirm');
      await page.click('button[value=approve]');
      await page.goto('/devices');
      await dashboard.completeDeviceFlow(await cookieOf(page));
      await page.goto('/devices');
      await page.locator('main form button').first().click();
      expect(await page.textContent('main')).toMatch(/revoked/i);
    });

    test.each(['light', 'dark'] as const)(
      'every page is accessible and fits a phone (%s)',
      async (colorScheme) => {
        const state = await page.context().storageState();
        for (const [name, viewport] of [
          ['wide', { width: 1200, height: 900 }],
          ['phone', { width: 375, height: 700 }],
        ] as const) {
          // axe is a script, which the pages' own policy would not run
          const viewer = await open({
            storageState: state,
            colorScheme,
            viewport,
            bypassCSP: true,
          });
          for (const url of pages) {
            await viewer.goto(url);
            await picture(viewer, `${url.slice(1)}-${colorScheme}-${name}`);
            expect(await violations(viewer), `${url} ${name}`).toEqual([]);
            const overflow = await viewer.evaluate(
              'document.documentElement.scrollWidth - innerWidth',
            );
            expect(overflow, `${url} ${name}`).toBeLessThanOrEqual(0);
          }
          await viewer.context().close();
        }
        const stranger = await open({ colorScheme, bypassCSP: true });
        for (const url of ['/sign-in', '/sign-up']) {
          await stranger.goto(url);
          await picture(stranger, `${url.slice(1)}-${colorScheme}`);
          expect(await violations(stranger), url).toEqual([]);
        }
        await stranger.context().close();
      },
      60_000,
    );

    test('signing out ends the session, and pages ask to sign in again', async () => {
      await page.goto('/credentials');
      await page.click('form[action="/sign-out"] button');
      await page.goto('/credentials');
      expect(new URL(page.url()).pathname).toBe('/sign-in');
    });
  },
);

async function cookieOf(page: Page): Promise<string> {
  const [cookie] = await page.context().cookies();
  return `${cookie?.name}=${cookie?.value}`;
}

/** Serious findings of axe-core, by rule and element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
}

async function picture(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}
