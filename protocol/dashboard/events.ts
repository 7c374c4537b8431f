import { number, object } from '../shape.ts';

/**
 * `GET /api/cli/events` (Bearer, scope `credentials:read`): server-sent events (WHATWG HTML §9.2)
 * about the account of the token. They carry versions, never values.
 *
 * | event         | data        | means                                                            |
 * | ------------- | ----------- | ---------------------------------------------------------------- |
 * | `credentials` | `{version}` | the account's credentials are at this version: sync if yours is older |
 * | `signed-out`  | `{}`        | the token is no longer valid: forget the values; the stream ends |
 *
 * The first `credentials` comes at once, unless `Last-Event-ID` (or the query's `version`) names the
 * latest version; its `id` is the version, so that a client that comes back misses nothing. A comment
 * comes every `heartbeat` seconds: a client that hears nothing for three of them connects again. Each
 * answer also ends by itself after `streamLifetime` seconds, or when its access token expires, which
 * is no sign-out: come back with the next token. 401: the token is not valid. 429: the account has more than `streamsPerAccount` streams; 404: an older dashboard. A
 * client without a stream polls `POST /api/cli/sync` with its version.
 */
export const eventsPath = '/api/cli/events';
export const heartbeat = 20;
export const streamLifetime = 60 * 60;
export const streamsPerAccount = 200;

export const credentialsEvent = object({ version: number });
