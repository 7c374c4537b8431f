import { textCheck } from './format.ts';
import type { Provider } from './provider.ts';

export const wandb = {
  id: 'wandb',
  title: 'Weights & Biases',
  purpose: 'log training runs',
  variables: [
    {
      name: 'WANDB_API_KEY',
      label: 'API key',
      aliases: [],
      kind: 'text',
      publicPrefixes: ['local-', 'wandb_v1_'],
      example: 'EXAMPLEonlyNotARealKey000000000000000000',
      check: textCheck({
        shape: /^[A-Za-z0-9_-]{40,}$/,
        message: 'is no W&B API key: those have at least 40 letters, digits, - or _',
      }),
    },
  ],
  programs: ['wandb', 'wb'],
  moduleCommands: ['wandb'],
  scripts: 'used',
  evidence: { names: ['WandbLogger', 'WandbCallback', 'WandbTracker'], reporters: ['wandb'] },
  modules: ['wandb', 'weave'],
  excludedModules: [],
  withheldSubcommands: [['login']],
  grantedSubcommands: [],
  companions: ['WANDB_IDENTITY_TOKEN_FILE', 'WANDB_CREDENTIALS_FILE'],
  settings: [],
  stores: ['$NETRC', '~/.netrc', '~/_netrc', '~/.config/wandb/settings'],
  endpointVariables: ['WANDB_BASE_URL'],
  endpointOptions: ['--base-url', '--host'],
  foreignOptions: [],
  hosts: ['wandb.ai'],
} as const satisfies Provider;
