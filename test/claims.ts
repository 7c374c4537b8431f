type Source = 'security.txt' | 'credentials.txt' | 'design-card.md';

/** A sentence that promises something. `open`: not kept yet, or not proved. */
interface Claim {
  readonly id: string;
  /** Verbatim; `…` at the end where it is shortened. */
  readonly sentence: string;
  readonly source: Source;
  readonly state: 'kept' | 'open';
}

const from =
  (source: Source) =>
  (state: Claim['state'], id: string, sentence: string): Claim => ({ id, sentence, source, state });
const security = from('security.txt');
const credentials = from('credentials.txt');
const card = from('design-card.md');

/** Every promise of the documents that synsc implements; tests cite them by id. */
export const claims: readonly Claim[] = [
  // credentials.txt: supported providers
  credentials(
    'kept',
    'credentials/huggingface',
    'HF_TOKEN, read and write to private models, datasets, and Spaces.',
  ),
  credentials(
    'kept',
    'credentials/wandb',
    'WANDB_API_KEY, log training runs, sweeps, and artifacts.',
  ),
  credentials(
    'kept',
    'credentials/modal',
    'MODAL_TOKEN_IDandMODAL_TOKEN_SECRET, launch sandboxed jobs.',
  ),
  credentials(
    'kept',
    'credentials/lambda',
    'LAMBDA_API_KEY, request and manage on-demand GPU instances.',
  ),
  credentials(
    'kept',
    'credentials/aws',
    'AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,AWS_SESSION_TOKEN, full AWS SDK reach.',
  ),
  credentials(
    'kept',
    'credentials/gcp',
    'GOOGLE_APPLICATION_CREDENTIALS(path to a JSON key), full GCP SDK reach.',
  ),
  // credentials.txt: how sync works
  credentials(
    'kept',
    'credentials/paste-tokens',
    'Sign in to cli.syntheticsciences.ai and paste your tokens into the Credentials panel.',
  ),
  credentials(
    'kept',
    'credentials/slots',
    'Each provider has its own slot; you only fill in the ones you need.',
  ),
  credentials(
    'kept',
    'credentials/encrypted-at-rest',
    'The dashboard encrypts them at rest and scopes them to your account.',
  ),
  credentials(
    'kept',
    'credentials/bearer-token',
    'The CLI receives a Bearer token that authenticates against your dashboard for credential and credit operations.',
  ),
  credentials(
    'kept',
    'credentials/login-once',
    'Re-running login is only necessary if the Bearer token expires or you log out.',
  ),
  credentials(
    'kept',
    'credentials/sync-at-launch',
    'Each time you launch\nsynsc, the CLI fetches your latest credentials from the dashboard over an authenticated channel.',
  ),
  credentials(
    'kept',
    'credentials/held-in-memory',
    'The values are held in process memory for the lifetime of the session.',
  ),
  credentials(
    'kept',
    'credentials/that-subprocess-only',
    'When the agent runs a shell command (\nbash, python, git, anything), the relevant credentials are injected as environment variables into that subprocess only.',
  ),
  credentials(
    'kept',
    'credentials/unneeded-filtered',
    'Provider keys that the command doesn’t need are filtered out, see Security for the filtering policy.',
  ),
  credentials(
    'kept',
    'credentials/status-picks-up',
    'synsc connect status(or restart your session) to pick up the new value.',
  ),
  // credentials.txt: what in-memory only means
  credentials('kept', 'credentials/never-on-disk', 'Credentials never touch disk.'),
  credentials(
    'kept',
    'credentials/no-config-files',
    'The CLI does not write\n~/.aws/credentials,~/.cache/huggingface/token, or any other provider config file.',
  ),
  credentials(
    'kept',
    'credentials/no-shell-export',
    'The agent doesn’t\nexport HF_TOKEN=...in your interactive shell.',
  ),
  credentials('kept', 'credentials/only-subprocess-envs', 'The token only enters subprocess envs.'),
  credentials('kept', 'credentials/no-memory-dumps', 'No process memory dumps.'),
  credentials(
    'kept',
    'credentials/gone-at-end',
    'When the session ends (you exit the CLI, the process dies), the credentials are gone.',
  ),
  credentials(
    'kept',
    'credentials/redacted-before-terminal',
    'Synsci CLI runs an output filter that replaces any synced credential with [REDACTED] before the line reaches your terminal.',
  ),
  // credentials.txt: per-user isolation, own keys
  credentials('kept', 'credentials/account-scoped', 'Credentials are scoped to your account.'),
  credentials(
    'kept',
    'credentials/two-local-users',
    'The dashboard uses Supabase Row-Level Security and Bearer-token auth so that even if two CLI users share the same machine, they can’t read each other’s credentials.',
  ),
  credentials(
    'kept',
    'credentials/logout-invalidates',
    'If you’re on a shared workstation, runsynsc connect logout when you’re done to invalidate the local Bearer token before stepping away.',
  ),
  credentials(
    'kept',
    'credentials/own-key',
    'If you’d rather not store a credential in the dashboard at all, for instance, if your organization restricts where AWS keys can live, set the env var directly in your shell before launchingsynsc:',
  ),
  // security.txt: lifecycle
  security(
    'kept',
    'security/lives-in-account',
    'Credentials live in your account at cli.syntheticsciences.ai, encrypted at rest.',
  ),
  security('kept', 'security/never-writes-disk', 'The CLI never writes them to disk.'),
  security(
    'kept',
    'security/no-credential-files',
    'There is no\n~/.synsc/credentials file, no entry in ~/.aws/credentials, no HF_TOKEN in your shell profile.',
  ),
  security('kept', 'security/only-persistent-layer', 'The dashboard is the only persistent layer.'),
  security(
    'kept',
    'security/sync-over-tls',
    'Each\nsynsc launch fetches credentials over an authenticated TLS channel and holds them in process memory.',
  ),
  security(
    'kept',
    'security/no-daemon',
    'When the process exits, the credentials are gone, there’s no long-lived daemon retaining them.',
  ),
  security(
    'kept',
    'security/custom-environment',
    'When the agent runs a shell command, the CLI builds a custom environment for that subprocess.',
  ),
  security(
    'kept',
    'security/irrelevant-stripped',
    'Provider keys that aren’t relevant to the command are stripped, see the filtering policy below.',
  ),
  // security.txt: filtering table
  security(
    'kept',
    'security/filter-by-command',
    'The CLI filters the env it passes based on what the command is doing:',
  ),
  security(
    'kept',
    'security/python-script',
    '| Python training script | HF, W&B (if used), and any cloud creds (AWS/GCP) the script imports |',
  ),
  security(
    'kept',
    'security/git-gets-nothing',
    'git | None of the synced provider keys; git doesn’t need them |',
  ),
  security(
    'kept',
    'security/curl-gets-nothing',
    'curl to a third-party API | None, curl gets a clean env unless the prompt explicitly authorized otherwise |',
  ),
  security('kept', 'security/modal-only', 'modal CLI | Modal token only |'),
  security('kept', 'security/lambda-only', 'lambda-cloud CLI | Lambda key only |'),
  security('kept', 'security/aws-only', 'aws CLI | AWS keys only |'),
  security(
    'kept',
    'security/filter-inside-compounds',
    'Not every subprocess needs every credential.',
  ),
  security(
    'kept',
    'security/single-call-authorisation',
    'The agent treats this as an authorization and unmasks for that single call.',
  ),
  // security.txt: output redaction
  security(
    'kept',
    'security/redacts-output',
    'The CLI runs an output filter that scans subprocess stdout and stderr for any synced credential value and replaces it with [REDACTED] before display:',
  ),
  security(
    'kept',
    'security/redacts-debug-logs',
    'Common cases:printenv, debug logs from cloud SDKs, or a misconfigured curl command with -v.',
  ),
  // security.txt: device flow
  security(
    'kept',
    'security/device-flow',
    'The CLI uses a device-code OAuth flow to authenticate against the dashboard.',
  ),
  security(
    'kept',
    'security/device-code-request',
    'CLI requests a device code from the dashboard.',
  ),
  security(
    'kept',
    'security/verification-url',
    'Dashboard returns the code and a short-lived (15-minute) verification URL.',
  ),
  security(
    'kept',
    'security/prints-url-and-code',
    'CLI prints the URL and code; opens your browser.',
  ),
  security('kept', 'security/confirm-in-browser', 'You confirm the code in the browser.'),
  security(
    'kept',
    'security/polls-until-token',
    'CLI polls until the dashboard issues a Bearer token, then stops polling.',
  ),
  security(
    'kept',
    'security/no-callback-server',
    'The CLI doesn’t open a port for the OAuth callback, there’s nothing to attack on the local machine.',
  ),
  security(
    'kept',
    'security/headless',
    'SSH and remote-tunnel sessions can complete login by visiting the URL on any device.',
  ),
  security(
    'kept',
    'security/codes-expire',
    'A 15-minute window means a stolen device code is useless after the timeout.',
  ),
  security(
    'kept',
    'security/logout-login-rotates',
    'synsc connect logout and synsc connect login again.',
  ),
  // security.txt: per-user isolation
  security(
    'kept',
    'security/row-level-security',
    'Supabase Row-Level Security scopes credential rows to your user ID at the database level.',
  ),
  security(
    'kept',
    'security/admin-cannot-read',
    'Even an admin without explicit permissions cannot read your row.',
  ),
  security(
    'kept',
    'security/token-bound-to-user',
    'Bearer-token auth means each session presents a token bound to your user ID.',
  ),
  security(
    'kept',
    'security/rejects-other-user',
    'The dashboard rejects any request not matching the issuing user.',
  ),
  security(
    'kept',
    'security/sessions-share-nothing',
    'Two CLI sessions on the same machine each pull their own credentials from the dashboard, they don’t share state.',
  ),
  security('kept', 'security/logout-at-once', 'The Bearer token becomes unusable immediately.'),
  // security.txt: network surface
  security(
    'open',
    'security/usage-reporting',
    'The Synsci dashboard at\ncli.syntheticsciences.aifor credential sync and usage reporting.',
  ),
  security(
    'open',
    'security/model-proxy',
    'The Synsci model proxy for Anthropic, OpenAI, and Google routing.',
  ),
  security(
    'open',
    'security/network-surface',
    'Whatever the agent decides to call, git remotes, cloud APIs, package registries, etc.',
  ),
  // design card
  card('kept', 'card/unix-socket-rpc', 'long-lived local supervisor exposing a Unix-socket RPC'),
  card(
    'kept',
    'card/supervisor-per-session',
    'Each CLI session starts a per-process supervisor that holds credentials in memory for that session only…',
  ),
  card(
    'kept',
    'card/spawn-call',
    'serves a JSON-RPC "spawn" call over a private socket that applies filtering and PTY output redaction…',
  ),
  card('kept', 'card/exits-with-session', 'then exits with the session, so no daemon outlives it.'),
  card('kept', 'card/agents-over-rpc', 'agent tools calling spawn over RPC…'),
  card('kept', 'card/editor-plugins', 'editor plugins attaching to a session…'),
];
