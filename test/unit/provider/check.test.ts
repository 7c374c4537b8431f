import { describe, expect, test } from 'vitest';
import { providerIds } from '../../../protocol/credential.ts';
import {
  allNames,
  canonicalName,
  catalog,
  providerOf,
  variableOf,
} from '../../../src/provider/catalog.ts';
import { checkProvider } from '../../../src/provider/check.ts';

const account = {
  type: 'service_account',
  client_email: 'fake@example.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----\nFAKE\n-----END PRIVATE KEY-----\n',
};

test.each<[string, string]>([
  ['HF_TOKEN', 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345'],
  ['WANDB_API_KEY', 'a'.repeat(40)],
  ['WANDB_API_KEY', `local-${'b'.repeat(40)}`],
  ['MODAL_TOKEN_ID', 'ak-EXAMPLEonlyNotReal'],
  ['MODAL_TOKEN_SECRET', 'as-EXAMPLEonlyNotReal'],
  ['LAMBDA_API_KEY', 'secret_EXAMPLEonly_0123456789'],
  ['AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE'],
  ['AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
  ['AWS_SESSION_TOKEN', 'EXAMPLEonly/Session+Token=='],
  ['GOOGLE_APPLICATION_CREDENTIALS', JSON.stringify(account)],
])('a plausible %s passes', (name, value) => {
  expect(variableOf(name)?.variable.check(value)).toBeUndefined();
});

test.each<[string, string, RegExp]>([
  ['HF_TOKEN', '', /empty/],
  ['HF_TOKEN', 'hf_abc', /short/],
  ['HF_TOKEN', 'hf_abcdefgh ijklmnopqrstuv', /space/],
  ['HF_TOKEN', 'hf_abcdefghijklmnopqrstuv\n', /line break/],
  ['HF_TOKEN', '"hf_abcdefghijklmnopqrstuv"', /quotation/],
  ['HF_TOKEN', 'HF_TOKEN=hf_abcdefghijklmnopqrst', /variable name/],
  ['HF_TOKEN', 'abcdefghijklmnopqrstuvwxyz', /Hugging Face/],
  ['HF_TOKEN', 'hf_xxxxxxxxxxxxxxxxxxxxxx', /placeholder/],
  ['HF_TOKEN', '<your-token-goes-here>', /placeholder/],
  ['WANDB_API_KEY', 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345', /another field/],
  ['WANDB_API_KEY', 'a'.repeat(39), /at least 40/],
  ['MODAL_TOKEN_ID', 'as-EXAMPLEonlyNotReal', /token secret/],
  ['MODAL_TOKEN_SECRET', 'ak-EXAMPLEonlyNotReal', /token id/],
  ['AWS_SECRET_ACCESS_KEY', 'AKIAIOSFODNN7EXAMPLE', /access key id/],
  ['AWS_SECRET_ACCESS_KEY', 'a'.repeat(41), /40/],
  ['AWS_ACCESS_KEY_ID', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', /access key id/],
  ['GOOGLE_APPLICATION_CREDENTIALS', '{\n  "type": "a",\n}', /line 3, column 1/],
  ['GOOGLE_APPLICATION_CREDENTIALS', '{"type": ', /JSON/],
  ['GOOGLE_APPLICATION_CREDENTIALS', '[]', /object/],
  ['GOOGLE_APPLICATION_CREDENTIALS', '{}', /"type"/],
  ['GOOGLE_APPLICATION_CREDENTIALS', '{"type":"service_account"}', /"client_email"/],
  ['GOOGLE_APPLICATION_CREDENTIALS', JSON.stringify({ ...account, private_key: 'nothing' }), /PEM/],
])('%s: %j is refused', (name, value, message) => {
  const fault = variableOf(name)?.variable.check(value);
  expect(fault).toMatch(message);
  if (value.length > 5) expect(fault).not.toContain(value);
});

describe('across fields', () => {
  test('temporary AWS keys need their session token', () => {
    const values = {
      AWS_ACCESS_KEY_ID: 'ASIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    };
    const token = { AWS_SESSION_TOKEN: 'EXAMPLEonly/Session+Token==' };
    expect(checkProvider(providerOf('aws'), values)).toMatchObject([
      { field: 'AWS_SESSION_TOKEN' },
    ]);
    expect(checkProvider(providerOf('aws'), { ...values, ...token })).toEqual([]);
  });

  test('a missing required field is named', () => {
    const faults = checkProvider(providerOf('modal'), { MODAL_TOKEN_ID: 'ak-EXAMPLEonlyNotReal' });
    expect(faults).toEqual([{ field: 'MODAL_TOKEN_SECRET', message: 'is missing' }]);
  });
});

test('the catalogue holds every provider and no name twice', () => {
  expect(catalog.map((provider) => provider.id)).toEqual(providerIds);
  expect(new Set(allNames()).size).toBe(
    catalog.flatMap((one) => one.variables.flatMap((v) => [v.name, ...v.aliases])).length,
  );
  expect(canonicalName('HUGGING_FACE_HUB_TOKEN')).toBe('HF_TOKEN');
  expect(canonicalName('PATH')).toBeUndefined();
});
