import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import {
  accessLifetime,
  clientId,
  refreshLifetime,
  tokenPrefix,
} from '../../../protocol/dashboard/device.ts';
import type { Context } from '../store/context.ts';
import { OAuthError } from './form.ts';
import { hashToken, newToken } from './token.ts';
import { newUserCode, showUserCode } from './userCode.ts';

/** What a machine says of itself when it asks for a code; nobody has checked it. */
export interface Asking {
  readonly name: string;
  readonly host: string;
  readonly osUser: string;
}

interface Asked extends Asking {
  readonly scope: string;
  readonly address: string;
  readonly baseUrl: string;
}

/** RFC 8628 §3.2. */
export async function requestDevice(context: Context, asked: Asked) {
  const deviceCode = newToken();
  const userCode = newUserCode();
  const [row] = await context.store.tx(null, (query) =>
    query<{ accepted: boolean }>('requestDevice', [
      ...[hashToken(deviceCode), userCode, clientId, asked.scope],
      ...[asked.name, asked.host, asked.osUser, asked.address],
      ...[context.codeLifetime, context.pollInterval],
    ]),
  );
  if (!row?.accepted) throw new OAuthError('temporarily_unavailable', 'too many requests wait');
  const verification = `${asked.baseUrl}/device`;
  return {
    device_code: deviceCode,
    user_code: showUserCode(userCode),
    verification_uri: verification,
    verification_uri_complete: `${verification}?user_code=${showUserCode(userCode)}`,
    expires_in: context.codeLifetime,
    interval: context.pollInterval,
  };
}

interface DeviceOutcome {
  outcome:
    | 'ok'
    | 'invalid_grant'
    | 'expired_token'
    | 'access_denied'
    | 'slow_down'
    | 'authorization_pending';
  scope: string;
}

/** RFC 8628 §3.5. The tokens are made first; only their hashes go to the database, if at all. */
export async function redeem(context: Context, deviceCode: string, address: string) {
  const access = newToken(tokenPrefix.access);
  const refresh = newToken(tokenPrefix.refresh);
  const [row] = await context.store.tx(null, (query) =>
    query<DeviceOutcome>('redeemDevice', [
      ...[hashToken(deviceCode), clientId, address, randomUUID()],
      ...[hashToken(access), accessLifetime, hashToken(refresh), refreshLifetime],
    ]),
  );
  const { outcome, scope } = row ?? { outcome: 'invalid_grant', scope: '' };
  if (outcome !== 'ok') throw new OAuthError(outcome);
  return tokenAnswer(access, refresh, scope);
}

interface Renewal {
  readonly refreshToken: string;
  readonly retryKey: string | undefined;
  readonly scope: string | undefined;
  readonly address: string;
}

interface RenewalOutcome {
  outcome: 'ok' | 'invalid_grant' | 'invalid_scope';
  scope: string;
  rotated: boolean;
}

/** RFC 6749 §6: a new access token, and the refresh token that replaces the one that was shown. */
export async function renew(context: Context, asked: Renewal) {
  const access = newToken(tokenPrefix.access);
  const refresh = successor(context, asked);
  const [row] = await context.store.tx(null, (query) =>
    query<RenewalOutcome>('refresh', [
      hashToken(asked.refreshToken),
      asked.retryKey === undefined ? null : hashToken(asked.retryKey),
      ...[asked.scope ?? null, asked.address],
      ...[hashToken(access), accessLifetime, hashToken(refresh), refreshLifetime],
    ]),
  );
  const { outcome, scope, rotated } = row ?? { outcome: 'invalid_grant', scope: '', rotated: true };
  if (outcome !== 'ok') throw new OAuthError(outcome);
  return tokenAnswer(access, rotated ? refresh : undefined, scope);
}

/** With a retry key the same one each time, so that an answer that was lost can be given again. */
function successor({ keyring }: Context, { refreshToken, retryKey }: Renewal): string {
  if (retryKey === undefined) return newToken(tokenPrefix.refresh);
  const key = Buffer.from(hkdfSync('sha256', keyring.secret, '', 'synsc refresh tokens v1', 32));
  const text = createHmac('sha256', key).update(JSON.stringify([refreshToken, retryKey]));
  return tokenPrefix.refresh + text.digest('base64url');
}

/** RFC 6749 §5.1. */
function tokenAnswer(access: string, refresh: string | undefined, scope: string) {
  return {
    access_token: access,
    token_type: 'Bearer',
    expires_in: accessLifetime,
    ...(refresh === undefined ? {} : { refresh_token: refresh }),
    scope,
  };
}
