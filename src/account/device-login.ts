import { hostname, userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { clientId, deviceGrantType, pollInterval, scope } from '../../protocol/dashboard/device.ts';
import { SynscError } from '../errors.ts';
import { refusalOf, tokensOf } from './access.ts';
import type { DashboardClient } from './dashboard-client.ts';
import type { Answer } from './transport.ts';

/** RFC 8628 §3.2; times in seconds. */
const codeSchema = z.object({
  device_code: z.string(),
  user_code: z.string().check(z.regex(/^[A-Za-z0-9-]{1,32}$/)),
  verification_uri: z.url({ protocol: /^https$/ }),
  verification_uri_complete: z.optional(z.url({ protocol: /^https$/ })),
  expires_in: z.number().check(z.positive()),
  interval: z.optional(z.number().check(z.positive())),
});
export type DeviceCode = z.infer<typeof codeSchema>;

export interface PollOptions {
  readonly signal?: AbortSignal | undefined;
  /** Waits for some seconds; replaced in tests. */
  readonly pause?: (seconds: number, signal?: AbortSignal) => Promise<unknown>;
}

/** Asks for a code that the user confirms in a browser. */
export async function requestCode(client: DashboardClient, signal?: AbortSignal) {
  const [user, host] = [userName(), hostname()];
  const parameters = {
    ...{ client_id: clientId, scope },
    ...{ device_name: `${user}@${host}`, device_user: user, device_host: host },
  };
  const answer = await client.postForm('/oauth/device_authorization', parameters, signal);
  const code = z.safeParse(codeSchema, json(answer));
  if (answer.status === 200 && code.success) return code.data;
  throw new SynscError('SYNC_FAILED', `the dashboard gave no code (${answer.status})`);
}

/** A container may run under a number that no account has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

/**
 * Polls until the user decides (RFC 8628 §3.4, §3.5). Throws LOGIN_DENIED, LOGIN_EXPIRED,
 * UNTRUSTED_DASHBOARD, SYNC_FAILED, or the signal's reason. `expiresIn` is in seconds.
 */
export async function pollToken(
  client: DashboardClient,
  code: DeviceCode,
  options: PollOptions = {},
) {
  const { signal, pause = wait } = options;
  const deadline = Date.now() + code.expires_in * 1000;
  let interval = code.interval ?? pollInterval;
  let delay = interval;
  for (;;) {
    await pause(Math.min(delay, (deadline - Date.now()) / 1000), signal);
    if (Date.now() >= deadline) throw expired();
    const outcome = await pollOnce(client, code, signal);
    if (typeof outcome === 'object') return outcome;
    if (outcome === 'slow_down') interval += 5;
    // RFC 8628 §3.5: back off exponentially, but notice an approval soon after an outage
    delay = outcome === 'unreachable' ? Math.max(interval, Math.min(delay * 2, 60)) : interval;
  }
}

async function pollOnce(client: DashboardClient, code: DeviceCode, signal?: AbortSignal) {
  const parameters = {
    grant_type: deviceGrantType,
    device_code: code.device_code,
    client_id: clientId,
  };
  let answer: Answer;
  try {
    answer = await client.postForm('/oauth/token', parameters, signal);
  } catch (failure) {
    if (failure instanceof SynscError && failure.code === 'DASHBOARD_UNREACHABLE') {
      return 'unreachable';
    }
    throw failure;
  }
  return judge(answer);
}

function judge(answer: Answer) {
  const tokens = tokensOf(answer);
  if (tokens) {
    const { access, refreshToken } = tokens;
    if (refreshToken) return { access, refreshToken };
    throw new SynscError('SYNC_FAILED', 'the dashboard gave no refresh token', {
      hint: 'update the dashboard',
    });
  }
  if (answer.status >= 500) return 'unreachable';
  const error = refusalOf(answer);
  if (error === 'authorization_pending' || error === 'slow_down') return error;
  if (error === 'access_denied') throw new SynscError('LOGIN_DENIED', 'the sign-in was denied');
  if (error === 'expired_token') throw expired();
  throw new SynscError('SYNC_FAILED', `the dashboard ended the sign-in (${answer.status})`, {
    hint: 'run `synsc connect login` again',
  });
}

function expired(): SynscError {
  return new SynscError('LOGIN_EXPIRED', 'the code has expired');
}

function wait(seconds: number, signal?: AbortSignal): Promise<unknown> {
  return sleep(Math.max(0, seconds * 1000), undefined, signal ? { signal } : {});
}

function json({ body }: Answer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
