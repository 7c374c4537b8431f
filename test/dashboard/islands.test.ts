import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hasChromium, launchBrowser, openPage } from '../support/browser.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';

const patience = { timeout: 20_000 };

/** A browser shares the machine with everything else. */
vi.setConfig({ testTimeout: 120_000 });

let dashboard: TestDashboard;
let browser: Browser;

describe.skipIf(!hasChromium)('in Chromium, with JavaScript (needs Chromium)', () => {
  beforeAll(async () => {
    dashboard = await startTestDashboard({ database: 'pglite' });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
  });

  let page: Page;
  let cookie: string;
  let email: string;
  /** What the browser complained about: refused scripts, failed requests. */
  let complaints: string[];
  beforeEach(async (context) => {
    email = `ada-${context.task.id}@example.com`;
    cookie = await dashboard.signUp(email);
    page = await openPage(browser, dashboard, { cookie });
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(async () => {
    await page.context().close();
  });

  /** An authenticator that says yes to everything (WebAuthn §11). */
  async function plugInKey(): Promise<{ cdp: CDPSession; id: string }> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { cdp, id };
  }

  async function addPasskey(): Promise<void> {
    await page.goto('/account');
    await page.fill('#passkey-name', '<b>Laptop</b>');
    await page.click('form[action="/account/passkeys"] button');
    await page.waitForURL('**/account?done=passkey', patience);
  }

  describe('a passkey', () => {
    test('is made, signs in, proves who is there, and is removed', async () => {
      await plugInKey();
      await addPasskey();
      expect(await page.textContent('#passkeys .rows')).toContain('<b>Laptop</b>');
      await page.click('form[action="/sign-out"] button');
      await page.waitForURL('**/sign-in', patience);
      await page.click('form[action="/sign-in/passkey"] button');
      await page.waitForURL('**/credentials', patience);
      expect(await page.textContent('.who')).toContain(email);
      await page.goto('/verify?next=/devices');
      await page.click('form[action="/verify/passkey"] button');
      await page.waitForURL(({ pathname }) => pathname === '/devices', patience); // not ?next=/devices
      await page.goto('/account');
      expect(await page.textContent('#passkeys .rows')).toContain('used just now');
      await page.click('#passkeys .rows button');
      await page.waitForURL('**/account?done=passkey-gone', patience);
      expect(await page.locator('#passkeys .rows').count()).toBe(0);
      expect(complaints).toEqual([]);
    });

    test('of another account is refused where somebody proves who they are', async () => {
      const { cdp, id } = await plugInKey();
      await addPasskey();
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: id });
      expect(credentials).toHaveLength(1);
      const answers: string[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/sign-in/passkey')) answers.push(request.postData() ?? '');
      });
      await page.click('form[action="/sign-out"] button');
      await page.waitForURL('**/sign-in', patience);
      await page.click('form[action="/sign-in/passkey"] button');
      await page.waitForURL('**/credentials', patience);
      expect(answers).toHaveLength(1);
      const form = Object.fromEntries(new URLSearchParams(answers[0]));
      // the same answer a second time: its challenge is spent
      const again = await dashboard.form('/sign-in/passkey', form);
      expect([again.status, again.headers['set-cookie']]).toEqual([403, undefined]);
      const other = await dashboard.signUp(`eve-${Date.now()}@example.com`);
      expect((await dashboard.form('/verify/passkey', form, other)).status).toBe(403);
    });

    test('that is cancelled says so, and the page goes on', async () => {
      const { cdp, id } = await plugInKey();
      await addPasskey();
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false });
      await page.goto('/verify?next=/devices');
      await page.click('form[action="/verify/passkey"] button');
      const notice = page.locator('form[action="/verify/passkey"] [role=alert]');
      await expect.poll(() => notice.textContent(), patience).toContain('No passkey was used');
      await page.fill('#password', 'correct horse battery');
      await page.click('form[action="/verify"] button');
      await page.waitForURL(({ pathname }) => pathname === '/devices', patience); // not ?next=/devices
    });
  });

  test('the sessions page follows what sessions do, by itself', async () => {
    const token = await dashboard.completeDeviceFlow(cookie);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const call = async (method: string, path: string, body: object) =>
      JSON.parse(
        (await dashboard.ask(path, { method, headers, body: JSON.stringify(body) })).text,
      ) as { id: string };
    await page.goto('/sessions');
    const shown = () => page.textContent('main');
    expect(await shown()).toContain('No session yet');
    const label = '<img src=x onerror=alert(1)>';
    const start = { label, directory: '/home/ada', hostname: 'laptop' };
    const { id } = await call('POST', '/api/cli/sessions', start);
    await expect.poll(shown, patience).toContain(label);
    expect(await shown()).toContain('Running');
    const update = { commands: 7, redactions: 3, credentialsUsed: ['HF_TOKEN'] };
    await call('PATCH', `/api/cli/sessions/${id}`, update);
    await expect.poll(shown, patience).toContain('HF_TOKEN');
    await call('PATCH', `/api/cli/sessions/${id}`, { ended: true });
    await expect.poll(shown, patience).toContain('Ended');
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('text that could become a script stays out (Trusted Types, CSP)', async () => {
    await page.goto('/credentials');
    const tried = await page.evaluate(`(() => {
      const outcomes = [];
      for (const attempt of [
        () => { document.body.innerHTML += '<img src=x onerror="window.hit = 1">'; },
        () => { document.write('<script>window.hit = 2</script>'); },
        () => { setTimeout('window.hit = 4'); },
        () => { trustedTypes.createPolicy('own', { createHTML: (text) => text }); },
      ]) {
        try { attempt(); outcomes.push('ran'); } catch (error) { outcomes.push(error.name); }
      }
      const script = document.createElement('script');
      try { script.text = 'window.hit = 5'; document.body.append(script); } catch {}
      return [...outcomes, window.hit];
    })()`);
    expect(tried).toEqual(['TypeError', 'TypeError', 'TypeError', 'TypeError', undefined]);
  });

  test('asks nobody but the dashboard for anything', async () => {
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    for (const path of ['/credentials', '/sessions', '/devices', '/audit', '/account', '/device']) {
      await page.goto(path);
    }
    expect([...asked]).toEqual([dashboard.url]);
    expect(complaints).toEqual([]);
  });

  test('a form of a foreign page does nothing', async () => {
    const evil = await openPage(browser, dashboard, { cookie });
    await evil.goto('about:blank');
    await evil.setContent(
      `<form method="post" action="${dashboard.url}/devices/revoke-all"><button>win</button></form>`,
    );
    await dashboard.completeDeviceFlow(cookie);
    await evil.click('button');
    await expect
      .poll(() => evil.textContent('body'), patience)
      .toContain('did not come from a page');
    await page.goto('/devices');
    expect(await page.textContent('main')).toContain('Signed in');
    await evil.context().close();
  });
});
