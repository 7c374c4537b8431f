import { expect, test } from 'vitest';
import { allNames } from '../../../src/provider/catalog.ts';
import { childEnvironment, grantedVariables } from '../../../src/supervisor/policy/environment.ts';

test('no credential is inherited or taken from the request', () => {
  const secrets = Object.fromEntries([...allNames(), 'SYNSC_TOKEN'].map((name) => [name, 'x']));
  const base = { ...secrets, PATH: '/bin', SYNSC_SOCKET: '/s' };
  expect(childEnvironment(base, { env: { ...secrets, A: '1' } }, [])).toEqual({
    PATH: '/bin',
    SYNSC_SOCKET: '/s',
    A: '1',
  });
});

test('what would override a granted value goes, else it stays', () => {
  const base = { AWS_PROFILE: 'work' };
  expect(childEnvironment(base, {}, [])).toEqual(base);
  expect(childEnvironment(base, {}, ['AWS_ACCESS_KEY_ID'])).toEqual({});
});

test('a granted name is set under its aliases too', () => {
  expect(grantedVariables(['HF_TOKEN'])).toEqual({
    set: [
      { variable: 'HF_TOKEN', from: 'HF_TOKEN' },
      { variable: 'HUGGING_FACE_HUB_TOKEN', from: 'HF_TOKEN' },
    ],
  });
  expect(grantedVariables([])).toEqual({ set: [] });
});
