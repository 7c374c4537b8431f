import { textCheck } from './format.ts';
import type { Provider } from './provider.ts';

/** Key shapes: gitleaks' rules, with the id's alphabet widened; botocore reads both token names. */
export const aws = {
  id: 'aws',
  title: 'Amazon Web Services',
  purpose: 'reach S3, EC2 and other services of an AWS account',
  variables: [
    {
      name: 'AWS_ACCESS_KEY_ID',
      label: 'Access key id',
      aliases: [],
      kind: 'text',
      publicPrefixes: ['AKIA', 'ASIA'],
      example: 'AKIAEXAMPLEONLY00000',
      check: textCheck({
        prefixes: ['A3T', 'AKIA', 'ASIA', 'ABIA', 'ACCA'],
        shape: /^(A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}$/,
        message: 'is no AWS access key id: those are AKIA or ASIA and 16 capitals or digits',
      }),
    },
    {
      name: 'AWS_SECRET_ACCESS_KEY',
      label: 'Secret access key',
      aliases: [],
      kind: 'text',
      publicPrefixes: [],
      example: 'EXAMPLEonlyNotARealSecret000000000000000',
      check: textCheck({
        shape: /^[A-Za-z0-9/+]{40}$/,
        message: 'is no AWS secret access key: those have 40 letters, digits, / or +',
      }),
    },
    {
      name: 'AWS_SESSION_TOKEN',
      label: 'Session token (temporary keys only)',
      aliases: ['AWS_SECURITY_TOKEN'],
      optional: true,
      kind: 'text',
      publicPrefixes: [],
      example: 'EXAMPLEonlyNotARealSessionToken',
      check: textCheck({
        shape: /^[A-Za-z0-9/+=_-]{16,}$/,
        message: 'is no AWS session token: those have letters, digits, / + or =',
      }),
    },
  ],
  programs: ['aws', 'sam', 'cdk', 'eksctl'],
  moduleCommands: ['awscli'],
  scripts: 'used',
  evidence: { names: [], reporters: [] },
  modules: [
    'boto3',
    'botocore',
    'aiobotocore',
    'aioboto3',
    's3fs',
    's3transfer',
    'awswrangler',
    'sagemaker',
    'aws_cdk',
    'chalice',
  ],
  excludedModules: [],
  withheldSubcommands: [['configure'], ['login'], ['sso', 'login']],
  grantedSubcommands: [
    ['configure', 'list'],
    ['configure', 'get'],
  ],
  companions: [
    'AWS_PROFILE',
    'AWS_DEFAULT_PROFILE',
    'AWS_CREDENTIAL_FILE',
    'AWS_CREDENTIAL_EXPIRATION',
  ],
  settings: [],
  endpointVariables: ['AWS_ENDPOINT_URL'],
  endpointOptions: ['--endpoint-url'],
  foreignOptions: ['--profile', '--no-sign-request'],
  hosts: ['amazonaws.com', 'amazonaws.com.cn', 'api.aws'],
} as const satisfies Provider;
