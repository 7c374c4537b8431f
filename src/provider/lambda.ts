import { textCheck } from './format.ts';
import type { Provider } from './provider.ts';

export const lambda = {
  id: 'lambda',
  title: 'Lambda',
  purpose: 'rent GPU machines from Lambda Cloud',
  variables: [
    {
      name: 'LAMBDA_API_KEY',
      label: 'API key',
      aliases: ['LAMBDA_CLOUD_API_TOKEN', 'LAMBDA_API_TOKEN'],
      kind: 'text',
      publicPrefixes: ['secret_'],
      example: 'secret_EXAMPLEonlyNotARealKey',
      check: textCheck(),
    },
  ],
  programs: ['lambda-cloud'],
  moduleCommands: [],
  scripts: 'used',
  evidence: { names: [], reporters: [] },
  modules: [],
  excludedModules: [],
  withheldSubcommands: [['login'], ['auth', 'login']],
  grantedSubcommands: [],
  companions: ['LAMBDA_API_KEY_COMMAND'],
  settings: [],
  stores: ['~/.lambda_cloud/lambda_keys', '~/.config/lambda-cloud/config'],
  endpointVariables: ['LAMBDA_API_URL', 'LAMBDA_BASE_URL'],
  endpointOptions: ['--base-url', '--api-url', '--endpoint'],
  foreignOptions: [],
  hosts: ['lambda.ai', 'lambdalabs.com'],
} as const satisfies Provider;
