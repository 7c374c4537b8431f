import { textCheck } from './format.ts';
import type { Provider } from './provider.ts';

export const huggingface = {
  id: 'huggingface',
  title: 'Hugging Face',
  purpose: 'download and publish models and data sets',
  variables: [
    {
      name: 'HF_TOKEN',
      label: 'Access token',
      aliases: ['HUGGING_FACE_HUB_TOKEN'],
      kind: 'text',
      publicPrefixes: ['hf_', 'api_org_'],
      example: 'hf_EXAMPLEonlyNotARealToken',
      check: textCheck({
        prefixes: ['hf_', 'api_org_'],
        shape: /^(hf|api_org)_[A-Za-z0-9_]{16,}$/,
        message: 'is no Hugging Face token: those are hf_ and letters or digits',
      }),
    },
  ],
  programs: ['hf', 'huggingface-cli', 'tiny-agents'],
  modules: [
    'huggingface_hub',
    'transformers',
    'datasets',
    'diffusers',
    'peft',
    'trl',
    'accelerate',
    'evaluate',
    'sentence_transformers',
    'optimum',
    'setfit',
    'smolagents',
    'tokenizers',
    'timm',
  ],
  excludedModules: [],
  withheldSubcommands: [['auth', 'login'], ['auth', 'switch'], ['auth', 'token'], ['login']],
  grantedSubcommands: [],
  companions: ['HF_OIDC_RESOURCE'],
  endpointVariables: ['HF_ENDPOINT', 'HF_INFERENCE_ENDPOINT'],
  endpointOptions: ['--endpoint'],
  foreignOptions: [],
  hosts: ['huggingface.co', 'hf.co'],
} as const satisfies Provider;
