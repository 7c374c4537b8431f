/** Names of the device flow (RFC 8628) as the dashboard and the command line use them. */
export const clientId = 'synsc-cli';
export const scope = 'credentials:read sessions:write';
/** RFC 8628 §3.4. */
export const deviceGrantType = 'urn:ietf:params:oauth:grant-type:device_code';
/** Seconds that a device code and its user code live. */
export const codeLifetime = 900;
/** Seconds that a client waits between two polls, until it is told to slow down (RFC 8628 §3.5). */
export const pollInterval = 5;
/** RFC 8628 §6.1: letters without vowels and look-alikes; 8 of them are 34.6 bit. */
export const userCodeAlphabet = 'BCDFGHJKLMNPQRSTVWXZ';
