import { randomUUID } from 'node:crypto';
import { clientId, scope } from '../../../protocol/dashboard/device.ts';
import type { Context } from '../store/context.ts';
import { OAuthError } from './form.ts';
import { hashToken, newToken } from './token.ts';
import { newUserCode, showUserCode } from './userCode.ts';

/** Seconds that a bearer token lives. */
const tokenLifetime = 30 * 24 * 60 * 60;

interface Asked {
  scope: string;
  deviceName: string;
  address: string;
  baseUrl: string;
}

/** RFC 8628 §3.2. */
export async function requestDevice(context: Context, asked: Asked) {
  const deviceCode = newToken();
  const userCode = newUserCode();
  const [row] = await context.store.tx(null, (query) =>
    query<{ accepted: boolean }>('requestDevice', [
      hashToken(deviceCode),
      userCode,
      clientId,
      asked.scope,
      asked.deviceName,
      asked.address,
      context.codeLifetime,
      context.pollInterval,
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

type Outcome =
  | 'ok'
  | 'invalid_grant'
  | 'expired_token'
  | 'access_denied'
  | 'slow_down'
  | 'authorization_pending';

/** RFC 8628 §3.5. The token is made first; only its hash goes to the database, if at all. */
export async function redeem(context: Context, deviceCode: string) {
  const token = newToken('synsc_');
  const { outcome, granted } = await context.store.tx(null, async (query) => {
    const [row] = await query<{ outcome: Outcome }>('redeemDevice', [
      hashToken(deviceCode),
      clientId,
      randomUUID(),
      hashToken(token),
      tokenLifetime,
    ]);
    if (row?.outcome !== 'ok') return { outcome: row?.outcome ?? 'invalid_grant', granted: scope };
    const [issued] = await query<{ scope: string }>('token', [hashToken(token)]);
    return { outcome: row.outcome, granted: issued?.scope ?? '' };
  });
  if (outcome !== 'ok') throw new OAuthError(outcome);
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: tokenLifetime,
    scope: granted,
  };
}
