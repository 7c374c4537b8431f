/** Names of the device flow (RFC 8628) as the dashboard and the command line use them. */
export const clientId = 'synsc-cli';
export const scope = 'credentials:read sessions:write';
/** RFC 8628 §3.4. */
export const deviceGrantType = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 6749 §6. */
export const refreshGrantType = 'refresh_token';
/** Seconds that a device code and its user code live. */
export const codeLifetime = 900;
/** Seconds that a client waits between two polls, until it is told to slow down (RFC 8628 §3.5). */
export const pollInterval = 5;
/** RFC 8628 §6.1: letters without vowels and look-alikes; 8 of them are 34.6 bit. */
export const userCodeAlphabet = 'BCDFGHJKLMNPQRSTVWXZ';

/** Seconds that an access token lives. */
export const accessLifetime = 60 * 60;
/** Seconds that a machine stays signed in after it was last used: each refresh starts them anew. */
export const refreshLifetime = 30 * 24 * 60 * 60;
/** What tokens begin with. The rest is base64url, which has no dot. */
export const tokenPrefix = {
  access: 'synsc_',
  refresh: 'synsc_refresh.',
  /** A refresh token that a person made for CI: it is not rotated and has a fixed end. */
  automation: 'synsc_ci.',
} as const;
/**
 * Parameter of a refresh, of synsc's own: a random text that the client keeps until it has the answer.
 * A refresh token that comes a second time ends the sign-in, unless it comes with the retry key of the
 * first time and its successor was never used: then the answer is given again.
 */
export const retryParameter = 'retry_key';
