import type { Provider } from './provider.ts';
import { serviceAccountFault } from './serviceAccount.ts';

export const gcp = {
  id: 'gcp',
  title: 'Google Cloud',
  purpose: 'reach Storage, BigQuery and other services of a Google Cloud project',
  variables: [
    {
      name: 'GOOGLE_APPLICATION_CREDENTIALS',
      label: 'Service account key (JSON)',
      // gcloud, gsutil and bq ignore the standard name.
      aliases: ['CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE'],
      kind: 'json',
      publicPrefixes: [],
      example: '{"type":"service_account", …}',
      check: serviceAccountFault,
    },
  ],
  programs: ['gcloud', 'gsutil', 'bq'],
  moduleCommands: [],
  scripts: 'used',
  evidence: { names: [], reporters: [] },
  modules: [
    'google.cloud',
    'google.auth',
    'google.oauth2',
    'googleapiclient',
    'gcsfs',
    'vertexai',
    'pandas_gbq',
    'firebase_admin',
  ],
  excludedModules: [],
  withheldSubcommands: [
    ['init'],
    ['auth', 'login'],
    ['auth', 'activate-service-account'],
    ['auth', 'print-access-token'],
    ['auth', 'print-identity-token'],
    ['auth', 'application-default'],
    ['alpha', 'auth'],
    ['beta', 'auth'],
    // gsutil's own
    ['config'],
  ],
  grantedSubcommands: [
    ['config', 'list'],
    ['config', 'get'],
    ['config', 'get-value'],
    ['config', 'set'],
    ['config', 'unset'],
    ['config', 'configurations'],
  ],
  companions: ['CLOUDSDK_AUTH_ACCESS_TOKEN_FILE', 'CLOUDSDK_AUTH_ACCESS_TOKEN'],
  settings: [
    // its own store and logs hold tokens: they live and end with the session
    { name: 'CLOUDSDK_CONFIG', value: '{memory}/gcloud' },
    { name: 'CLOUDSDK_CORE_DISABLE_FILE_LOGGING', value: '1' },
  ],
  stores: ['~/.config/gcloud/', '~/.config/gcloud/legacy_credentials/', '~/.boto', '~/.bigqueryrc'],
  endpointVariables: ['CLOUDSDK_API_ENDPOINT_OVERRIDES', 'STORAGE_EMULATOR_HOST'],
  endpointOptions: ['--api', '--discovery_file'],
  foreignOptions: [
    '--account',
    '--configuration',
    '--access-token-file',
    '--credential_file',
    '--service_account_credential_file',
  ],
  hosts: ['googleapis.com'],
} as const satisfies Provider;
