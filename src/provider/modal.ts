import { textCheck } from './format.ts';
import type { Provider } from './provider.ts';

export const modal = {
  id: 'modal',
  title: 'Modal',
  purpose: 'run functions on Modal',
  variables: [
    {
      name: 'MODAL_TOKEN_ID',
      label: 'Token id',
      aliases: [],
      kind: 'text',
      publicPrefixes: ['ak-'],
      example: 'ak-EXAMPLEonlyNotReal',
      check: textCheck({
        prefixes: ['ak-'],
        message: 'is no Modal token id: those start with ak-',
      }),
    },
    {
      name: 'MODAL_TOKEN_SECRET',
      label: 'Token secret',
      aliases: [],
      kind: 'text',
      publicPrefixes: ['as-'],
      example: 'as-EXAMPLEonlyNotReal',
      check: textCheck({
        prefixes: ['as-'],
        message: 'is no Modal token secret: those start with as-',
      }),
    },
  ],
  programs: ['modal'],
  moduleCommands: ['modal'],
  scripts: 'used',
  evidence: { names: [], reporters: [] },
  modules: ['modal'],
  excludedModules: [],
  withheldSubcommands: [['setup'], ['token']],
  grantedSubcommands: [['token', 'info']],
  companions: [],
  settings: [],
  stores: ['$MODAL_CONFIG_PATH', '~/.modal.toml'],
  endpointVariables: ['MODAL_SERVER_URL'],
  endpointOptions: [],
  foreignOptions: [],
  hosts: ['modal.com'],
} as const satisfies Provider;
