import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mask } from '../../protocol/credential.ts';
import { catalog } from '../../src/provider/catalog.ts';
import { hasChromium, launchBrowser, openPage } from '../support/browser.ts';
import { claim } from '../support/claim.ts';
import { tokenRequest } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';

/** Where pictures of the pages go when somebody wants to look at them. */
const shots = process.env.SYNSC_SHOTS;
const pages = [
  '/credentials',
  '/sessions',
  '/devices',
  '/audit',
  '/account',
  '/verify',
  '/device',
  '/device/confirm',
  '/nothing',
];

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

/** What a person pastes (not the placeholders), and how much of it may be seen afterwards. */
const values = catalog.flatMap(({ id, variables }) =>
  variables
    .filter(({ optional }) => optional === undefined)
    .map(({ name, kind, example }) => {
      const value = kind === 'json' ? serviceAccount : example.replace('EXAMPLE', 'PASTED0');
      return { provider: id, name, value, tail: kind === 'json' ? '••••' : mask(value) };
    }),
);

const replacement = 'secret_PASTED0anotherNotARealKey04';
/** Parts of what was pasted; none of them may come back. */
const pasted = [
  ...values.filter(({ provider }) => provider !== 'gcp').map(({ value }) => value),
  ...privateKey.split('\n').filter((line) => line.length > 20),
  replacement,
];

/** A browser shares the machine with everything else. */
vi.setConfig({ testTimeout: 120_000 });

let dashboard: TestDashboard;
let browser: Browser;
/** Of a session that runs. */
let sessionPath = '/sessions';

describe.skipIf(!hasChromium)('in Chromium, without JavaScript (needs Chromium)', () => {
  let page: Page;

  beforeAll(async () => {
    dashboard = await startTestDashboard({ database: 'pglite' });
    browser = await launchBrowser();
    page = await open({ javaScriptEnabled: false });
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
  });

  const open = (options: BrowserContextOptions) => openPage(browser, dashboard, options);

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
    for (const { provider, name, tail } of values) {
      const row = page.locator(`#${provider} .stored div`).filter({ hasText: name });
      expect(await row.locator('.masked').textContent(), name).toBe(tail);
      expect(await row.locator('.print').textContent(), name).toMatch(/[0-9a-f]{8}$/);
    }
    expect(await page.getByText('Version 1').count()).toBe(6);
  });

  claim('credentials/slots', async () => {
    await page.goto('/credentials');
    await page.click('#lambda summary >> nth=0');
    await page.fill('[name=LAMBDA_API_KEY]', replacement);
    await page.click('form[action="/credentials/lambda"] button[type=submit]');
    expect(await page.textContent('#lambda')).toContain('Version 2');
    expect(await page.textContent('#lambda')).toContain(mask(replacement));
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

  test('all wrong values of a form are told at once; the first has the focus', async () => {
    await page.goto('/credentials');
    await page.click('#aws summary >> nth=0');
    await page.fill('[name=AWS_ACCESS_KEY_ID]', 'no key');
    await page.fill('[name=AWS_SECRET_ACCESS_KEY]', 'no secret either');
    await page.click('form[action="/credentials/aws"] button[type=submit]');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      expect(await page.textContent(`#${name}-error`)).toContain(name);
      expect(await page.inputValue(`#${name}`)).toBe('');
    }
    await expect
      .poll(() => page.evaluate('document.activeElement?.id'), { timeout: 30_000 })
      .toBe('AWS_ACCESS_KEY_ID');
    expect(await page.textContent('#aws')).toContain('Version 1');
  });

  test('a code is confirmed; its machine is listed, and revoked', async () => {
    const { user_code, device_code } = await enterCode(page);
    expect(await page.textContent('.code')).toBe(user_code);
    expect(await page.textContent('.facts')).toContain('ada@<laptop>');
    await page.click('button[value=approve]');
    expect(await page.textContent('[role=status]')).toContain('Approved');
    const { text } = await dashboard.form('/oauth/token', tokenRequest(device_code));
    const authorization = `Bearer ${JSON.parse(text).access_token}`;
    const status = async () =>
      (await dashboard.ask('/api/cli/status', { headers: { authorization } })).status;
    expect(await status()).toBe(200);
    sessionPath = `/sessions/${await startSession(authorization)}`;
    await page.goto('/devices');
    const row = page.getByRole('row').filter({ hasText: 'ada@<laptop>' });
    expect(await row.textContent()).toContain('Signed in');
    await row.getByRole('button').click();
    expect(await row.textContent()).toContain('Revoked');
    expect(await status()).toBe(401);
  });

  test('no page shows a pasted value', async () => {
    for (const url of [...pages, sessionPath]) {
      await page.goto(url);
      const shown = await page.content();
      for (const value of pasted) expect(shown.includes(value), url).toBe(false);
    }
  });

  test.each(['light', 'dark'] as const)(
    'every page is accessible and fits a phone (%s)',
    async (colorScheme) => {
      await enterCode(page);
      const state = await page.context().storageState();
      for (const [name, viewport] of [
        ['wide', { width: 1200, height: 900 }],
        // the narrowest that WCAG 2.2 asks for (1.4.10)
        ['phone', { width: 320, height: 700 }],
      ] as const) {
        // axe is a script, which the pages' own policy would not run
        const viewer = await open({
          storageState: state,
          colorScheme,
          viewport,
          bypassCSP: true,
        });
        for (const url of [...pages, sessionPath]) {
          await viewer.goto(url);
          await viewer.evaluate(
            "document.querySelectorAll('details').forEach((it) => it.open = true)",
          );
          await picture(viewer, `${url.slice(1).replace('/', '-')}-${colorScheme}-${name}`);
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
        await stranger.fill('#email', 'ada@example.com');
        await stranger.fill('#password', 'too short');
        await stranger.click(`form[action="${url}"] button`);
        expect(await stranger.locator('[role=alert]:not(:empty)').count()).toBe(1);
        expect(await violations(stranger), `${url}, refused`).toEqual([]);
      }
      await stranger.context().close();
    },
    300_000,
  );

  test('the password is changed; the old one, and other browsers, are out', async () => {
    const other = await dashboard.form('/sign-in', {
      email: 'ada@example.com',
      password: 'correct horse battery',
    });
    const cookie = String(other.headers['set-cookie']).split(';')[0] ?? '';
    await page.goto('/account');
    expect(await page.locator('#browsers .rows li').count()).toBe(2);
    await page.fill('#current-password', 'not my password');
    await page.fill('#new-password', 'a new sentence of mine');
    await page.click('#password button');
    expect(await page.textContent('#current-password-error')).toContain('not your password');
    expect(await page.content()).not.toContain('a new sentence of mine');
    await page.fill('#current-password', 'correct horse battery');
    await page.fill('#new-password', 'a new sentence of mine');
    await page.click('#password button');
    expect(await page.textContent('[role=status]')).toContain('password is changed');
    const after = await dashboard.ask('/account', { headers: { cookie } });
    expect(after.status).toBe(303);
  });

  test('a token for CI is made, shown once, and revoked', async () => {
    await page.goto('/devices');
    await page.click('#tokens summary');
    await page.fill('#token-name', 'nightly');
    await page.selectOption('#token-days', '7');
    await page.click('#tokens form button');
    const token = await page.inputValue('#token');
    expect(token).toMatch(/^synsc_ci\./);
    const renew = async () =>
      dashboard.form('/oauth/token', {
        ...{ client_id: 'synsc-cli', grant_type: 'refresh_token', refresh_token: token },
      });
    const bought = await renew();
    expect(bought.status).toBe(200);
    expect(JSON.parse(bought.text).refresh_token).toBeUndefined();
    expect((await renew()).status).toBe(200);
    await page.goto('/devices');
    expect(await page.content()).not.toContain(token);
    await page.click('#tokens td button');
    expect((await renew()).status).toBe(400);
  });

  test('the audit log is filtered and downloaded', async () => {
    await page.goto('/audit');
    await page.selectOption('#action', 'credential.delete');
    await page.click('.toolbar button');
    expect(await page.locator('tbody tr').count()).toBe(1);
    expect(await page.textContent('tbody')).toContain('Weights & Biases');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=CSV')]);
    expect(download.suggestedFilename()).toMatch(/^synsc-audit-.*\.csv$/);
    const file = readFileSync(await download.path(), 'utf8');
    expect(file.split('\r\n')[0]).toContain('action,target,outcome');
    expect(file).toContain('credential.delete,wandb');
    for (const value of pasted) expect(file.includes(value)).toBe(false);
  });

  test('an account is made, and a credential stored and deleted, by keyboard alone', async () => {
    const typist = await open({ javaScriptEnabled: false });
    const { keyboard } = typist;
    await typist.goto('/sign-up');
    await keyboard.press('Tab');
    expect(await typist.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.type('grace@example.com');
    await keyboard.press('Tab');
    await keyboard.type('correct horse battery');
    await keyboard.press('Enter');
    await typist.waitForURL('**/credentials');
    await tabTo(typist, '[name=HF_TOKEN]');
    await keyboard.type(values.find(({ name }) => name === 'HF_TOKEN')?.value ?? '');
    await keyboard.press('Enter');
    await typist.waitForURL('**/credentials?saved=huggingface');
    await tabTo(typist, '#huggingface details:last-child summary');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    await typist.waitForURL('**/credentials?deleted=huggingface');
    await tabTo(typist, 'form[action="/sign-out"] button');
    await keyboard.press('Enter');
    await typist.waitForURL('**/sign-in');
    await typist.context().close();
  });

  test('signing out ends the session, and pages ask to sign in again', async () => {
    await page.goto('/credentials');
    await page.click('form[action="/sign-out"] button');
    await page.goto('/credentials');
    expect(new URL(page.url()).pathname).toBe('/sign-in');
  });

  test('an account is deleted, with everything in it', async () => {
    await page.fill('#email', 'ada@example.com');
    await page.fill('#password', 'a new sentence of mine');
    await page.click('main form[action="/sign-in"] button');
    await page.goto('/account');
    await page.fill('#confirmation', 'ada@example.com');
    await page.click('#delete button');
    expect(await page.textContent('[role=status]')).toContain('deleted');
    await page.fill('#email', 'ada@example.com');
    await page.fill('#password', 'a new sentence of mine');
    await page.click('main form[action="/sign-in"] button');
    expect(await page.textContent('[role=alert]')).toContain('Wrong e-mail address or password');
  });
});

/** Starts a sign-in of a machine and enters its code, up to the page that asks to confirm it. */
async function enterCode(page: Page): Promise<{ user_code: string; device_code: string }> {
  const answer = await dashboard.form('/oauth/device_authorization', {
    client_id: 'synsc-cli',
    device_name: 'ada@<laptop>',
  });
  const codes = JSON.parse(answer.text);
  await page.goto('/device');
  await page.fill('[name=user_code]', codes.user_code.toLowerCase());
  await page.click('main button[type=submit]');
  expect(new URL(page.url()).pathname).toBe('/device/confirm');
  return codes;
}

/** Presses Tab until what has the focus is meant. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement.matches('${selector}')`)) return;
  }
  throw new Error(`no way to ${selector} by Tab`);
}

async function startSession(authorization: string): Promise<string> {
  const headers = { authorization, 'content-type': 'application/json' };
  const session = {
    label: 'training',
    directory: `/home/ada/${'deep/'.repeat(20)}`,
    hostname: 'h',
  };
  const body = JSON.stringify(session);
  const answer = await dashboard.ask('/api/cli/sessions', { method: 'POST', headers, body });
  expect(answer.status).toBeLessThan(300);
  return JSON.parse(answer.text).id;
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
