import { randomUUID } from 'node:crypto';
import { fixedAccess } from '../../account/access.ts';
import { type DashboardFlags, dashboardUrl, findDashboard } from '../../account/dashboard.ts';
import { DashboardClient, printable } from '../../account/dashboard-client.ts';
import { type DeviceCode, pollToken, requestCode } from '../../account/device-login.ts';
import { resyncSessions } from '../../account/running-sessions.ts';
import { readSettings, type Settings, writeSettings } from '../../account/settings.ts';
import { openAccount } from '../../account/sign-in.ts';
import { deleteSignIn, readSignIn, storeSignIn } from '../../account/token-store.ts';
import { SynscError } from '../../errors.ts';
import { paint, printJson } from '../print.ts';

export interface ConnectOptions extends DashboardFlags {
  readonly json?: boolean | undefined;
  /** False with --no-browser. */
  readonly browser?: boolean | undefined;
}

/** Signs this machine in by device code; returns the exit code, 130 after Ctrl-C. */
export async function connectLogin(options: ConnectOptions): Promise<number> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    await login(options, interrupt.signal);
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    throw error;
  } finally {
    process.off('SIGINT', stop);
  }
}

async function login(options: ConnectOptions, signal: AbortSignal): Promise<void> {
  const dashboard = await findDashboard(process.env, options);
  const client = new DashboardClient(dashboard);
  try {
    const code = await requestCode(client, signal);
    await showCode(code, options);
    const { access, refreshToken } = await pollToken(client, code, { signal });
    const signedIn = new DashboardClient({ ...dashboard, access: fixedAccess(access) });
    try {
      const { account } = await signedIn.status();
      signal.throwIfAborted();
      const replaced = await readSignIn(dashboard.url, process.env);
      await storeSignIn(dashboard.url, { id: randomUUID(), refreshToken }, process.env);
      // nothing here could use the old one any more; if it lives on, the devices page shows it
      if (replaced) await client.revoke(replaced.refreshToken).catch(() => undefined);
      const before = readSettings(process.env);
      const { url, caSha256, ca } = dashboard;
      const authority = caSha256 && ca ? { caSha256, ca } : {};
      writeSettings(process.env, { dashboard: url, account: account.email, ...authority });
      if (options.json) printJson({ account: { email: account.email } });
      else say(`${paint('green', 'signed in')} as ${printable(account.email)}`);
      warnOfNewAccount(before, url, account.email);
    } catch (failure) {
      await client.revoke(refreshToken).catch(() => undefined); // nothing is left behind
      throw failure;
    } finally {
      signedIn.close();
    }
  } finally {
    client.close();
  }
}

/**
 * Somebody else may have confirmed the code, with an account of theirs: then what is done here would
 * be done with their credentials, and recorded there.
 */
function warnOfNewAccount(before: Settings, dashboard: string, email: string): void {
  if (before.dashboard === dashboard && before.account === email) return;
  const who = printable(email);
  say(`${paint('yellow', 'new here')}: this machine had not signed in as ${who} before`);
  say(`  sessions use the credentials of that account and are recorded in it`);
  say(`  if it is not yours, run \`synsc connect logout\``);
}

async function showCode(code: DeviceCode, options: ConnectOptions): Promise<void> {
  const uri = code.verification_uri;
  const complete = code.verification_uri_complete ?? uri;
  const { user_code: userCode, expires_in: expiresIn } = code;
  if (options.json) {
    printJson({ verificationUri: uri, verificationUriComplete: complete, userCode, expiresIn });
  } else {
    say(`open ${paint('bold', uri)} and enter ${paint('bold', userCode)}`);
  }
  if (options.browser !== false) await openBrowser(complete);
}

async function openBrowser(uri: string): Promise<void> {
  const darwin = process.platform === 'darwin';
  if (!darwin && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  const { execa } = await import('execa');
  const opener = execa(darwin ? 'open' : 'xdg-open', [uri], {
    stdio: 'ignore',
    detached: true,
    reject: false, // the address is printed as well
  });
  opener.unref();
}

/** Shows account and credentials and makes running sessions sync; returns the exit code. */
export async function connectStatus(options: ConnectOptions): Promise<number> {
  const { client, dashboard } = await openAccount(process.env, options);
  const status = await client
    .status()
    .catch((error: unknown) => {
      throw keepingValues(error);
    })
    .finally(() => client.close());
  const sessions = await resyncSessions(process.env);
  const credentials = status.credentials.map((one) => ({ ...one, source: 'dashboard' }));
  const account = { email: status.account.email };
  if (options.json) printJson({ account, dashboard, credentials, sessions });
  else {
    say(printable(`${account.email} at ${dashboard}`));
    for (const { name, provider, masked, version, updatedAt } of credentials) {
      const which = `${name} (${provider}) ${masked} version ${version}`;
      say(printable(`  ${which}, ${age(updatedAt)}`));
    }
    for (const { id, synced, reason = '' } of sessions) {
      say(printable(`  session ${id}: ${synced ? 'synced' : `not synced: ${reason}`}`));
    }
  }
  return 0;
}

/** What an unreachable dashboard means for sessions that run. */
function keepingValues(error: unknown): unknown {
  if (!(error instanceof SynscError) || error.code !== 'DASHBOARD_UNREACHABLE') return error;
  const hint = `${error.hint}; running sessions keep the values they have`;
  return new SynscError(error.code, error.message, { cause: error, hint });
}

/**
 * Revokes the token at the dashboard, then forgets it, also when the dashboard cannot be told; with
 * SYNSC_TOKEN that one is revoked and a stored one stays. Returns the exit code.
 */
export async function connectLogout(options: ConnectOptions): Promise<number> {
  const failure = await revokeToken(options);
  const url = dashboardUrl(process.env, options);
  if (!process.env.SYNSC_TOKEN) await deleteSignIn(url, process.env);
  else if (failure) throw failure; // there is nothing to forget here either
  if (options.json) printJson({ revoked: failure === undefined });
  else if (failure === undefined) say('signed out');
  else say(`signed out here, but ${failure.message}: the token lives there until it expires`);
  return 0;
}

/** Why the dashboard could not be told, if it couldn't; throws NOT_SIGNED_IN and USAGE. */
async function revokeToken(options: ConnectOptions): Promise<SynscError | undefined> {
  try {
    const { client, token } = await openAccount(process.env, options);
    await client.revoke(token).finally(() => client.close());
    return undefined;
  } catch (failure) {
    if (!(failure instanceof SynscError)) throw failure;
    if (failure.code === 'NOT_SIGNED_IN' || failure.code === 'USAGE') throw failure;
    return failure;
  }
}

function age(updatedAt: string): string {
  const days = Math.floor((Date.now() - Date.parse(updatedAt)) / 86_400_000);
  return days < 1 ? 'changed today' : `changed ${days} d ago`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
