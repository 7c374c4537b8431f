/**
 * Every error that synsc reports, on the command line, over RPC and over HTTP.
 * `rpc`: JSON-RPC 2.0 code (§5.1 for -327xx and -326xx, the contract for -320xx).
 * `exit`: exit code of the command line. `http`: status of the dashboard. `hint`: what to do next.
 */
export const errors = {
  PARSE_ERROR: { rpc: -32700, exit: 125, http: 400, hint: 'send one JSON value a line, in UTF-8' },
  INVALID_REQUEST: {
    rpc: -32600,
    exit: 125,
    http: 400,
    hint: 'send {"jsonrpc":"2.0","id":1,"method":"ping","params":{}}',
  },
  METHOD_NOT_FOUND: {
    rpc: -32601,
    exit: 125,
    http: 404,
    hint: 'call rpc.discover for the list of methods',
  },
  INVALID_PARAMS: {
    rpc: -32602,
    exit: 2,
    http: 400,
    hint: 'call rpc.discover for the parameters of this method',
  },
  INTERNAL: {
    rpc: -32603,
    exit: 125,
    http: 500,
    hint: 'this is a bug in synsc: please report it with the command that you ran',
  },
  SYSTEM: {
    rpc: -32603,
    exit: 125,
    http: 500,
    hint: 'this machine refused it: check space, limits and permissions',
  },
  USAGE: { rpc: -32602, exit: 2, http: 400, hint: 'run `synsc --help`' },
  DENIED: {
    rpc: -32001,
    exit: 4,
    http: 403,
    hint: 'this process may not do that: run it from the session itself (`synsc launch`)',
  },
  NOT_AUTHORIZED: {
    rpc: -32002,
    exit: 4,
    http: 403,
    hint: 'run `synsc exec --authorize NAME -- COMMAND` in the terminal of the session and answer y',
  },
  PROOF_NEEDED: {
    rpc: -32002,
    exit: 4,
    http: 403,
    hint: 'enter your password on the page /verify of the dashboard, then send it again',
  },
  NO_SUCH_PROCESS: {
    rpc: -32003,
    exit: 125,
    http: 404,
    hint: 'call list for the processes of this session',
  },
  LIMIT: {
    rpc: -32004,
    exit: 125,
    http: 429,
    hint: 'wait for running requests to end, or send less',
  },
  SESSION_ENDING: {
    rpc: -32005,
    exit: 125,
    http: 503,
    hint: 'start a new session: `synsc launch`',
  },
  NOT_SIGNED_IN: {
    rpc: -32006,
    exit: 3,
    http: 401,
    hint: 'run `synsc connect login`, or set SYNSC_TOKEN in CI',
  },
  SYNC_FAILED: {
    rpc: -32006,
    exit: 125,
    http: 502,
    hint: 'check that the dashboard runs and its address: `synsc doctor`',
  },
  DASHBOARD_UNREACHABLE: {
    rpc: -32006,
    exit: 125,
    http: 502,
    hint: 'start it with `synsc dashboard`, or name it with --dashboard URL or SYNSC_DASHBOARD_URL',
  },
  UNTRUSTED_DASHBOARD: {
    rpc: -32006,
    exit: 125,
    http: 502,
    hint: 'compare the fingerprint with the one that `synsc dashboard` printed and pass it as --ca-sha256 HEX',
  },
  LOGIN_EXPIRED: {
    rpc: -32006,
    exit: 4,
    http: 400,
    hint: 'run `synsc connect login` again and confirm the code within 15 minutes',
  },
  LOGIN_DENIED: {
    rpc: -32006,
    exit: 4,
    http: 400,
    hint: 'the request was denied in the browser: run `synsc connect login` again if that was a mistake',
  },
  NO_TOKEN_STORE: {
    rpc: -32006,
    exit: 125,
    http: 500,
    hint: 'unlock a keychain (Secret Service), allow the kernel keyring (keyctl), or set SYNSC_TOKEN for this shell',
  },
  NO_SESSION: {
    rpc: -32005,
    exit: 125,
    http: 404,
    hint: 'start a session with `synsc launch`, or unset SYNSC_SOCKET',
  },
  COMMAND_NOT_FOUND: {
    rpc: -32602,
    exit: 127,
    http: 400,
    hint: 'check the spelling and PATH of the shell that launched the session',
  },
  NOT_EXECUTABLE: {
    rpc: -32602,
    exit: 126,
    http: 400,
    hint: 'check its permissions: `chmod +x FILE`',
  },
  NO_SUCH_DIRECTORY: {
    rpc: -32602,
    exit: 125,
    http: 400,
    hint: 'give --cwd (RPC: cwd) a directory that exists and that you may enter',
  },
  SOCKET_PATH_TOO_LONG: {
    rpc: -32603,
    exit: 125,
    http: 500,
    hint: 'set XDG_RUNTIME_DIR to a shorter path: a socket path has at most 103 bytes',
  },
  UNSAFE_DIRECTORY: {
    rpc: -32603,
    exit: 125,
    http: 500,
    hint: 'remove it, or make it yours alone: `chmod 700 DIR`',
  },
  INVALID_CREDENTIAL: {
    rpc: -32602,
    exit: 2,
    http: 422,
    hint: 'paste the value again, complete and without quotes',
  },
  CONFLICT: { rpc: -32602, exit: 2, http: 409, hint: 'choose another one' },
  NOT_FOUND: { rpc: -32602, exit: 2, http: 404, hint: 'check the address' },
  RATE_LIMITED: { rpc: -32004, exit: 125, http: 429, hint: 'wait a few minutes and try again' },
  INSPECTED: {
    rpc: -32603,
    exit: 125,
    http: 500,
    hint: 'start synsc without that option of Node, also in NODE_OPTIONS: it opens the memory to others',
  },
  UNSUPPORTED: {
    rpc: -32603,
    exit: 125,
    http: 501,
    hint: 'run `synsc doctor`: it says what this machine lacks',
  },
} as const;

export type ErrorCode = keyof typeof errors;
