import { expect } from 'vitest';
import { catalog } from '../../../src/provider/catalog.ts';
import { decide } from '../../../src/supervisor/policy/decide.ts';
import { entryOf } from '../../../src/supervisor/policy/entry.ts';
import { scanPython } from '../../../src/supervisor/policy/python.ts';
import { inspect } from '../../../src/supervisor/policy/words.ts';
import { claim } from '../../support/claim.ts';

const everything = catalog.flatMap((provider) => provider.variables.map(({ name }) => name));

/** What a lone command of an installed program is given; `file` is the text of its Python script. */
function given(command: string, file?: string): string[] {
  const text = inspect(command);
  if (text.shape !== 'lone') throw new Error(`not a lone command: ${command}`);
  const words = text.command;
  const entry = entryOf(words.name, words.args);
  const program = {
    words,
    place: 'installed' as const,
    ...(entry && { entry }),
    ...(file !== undefined && { use: scanPython(file) }),
  };
  const decisions = decide({ shape: 'lone', programs: [program], env: {} }, everything);
  return decisions.flatMap((decision) => decision.given);
}

claim('security/python-script', () => {
  const script = 'import wandb\nimport boto3\nfrom google.cloud import storage\n';
  expect(given('python train.py', 'print(1)')).toEqual(['HF_TOKEN']);
  expect(given('python train.py', script)).toEqual(
    expect.arrayContaining([
      'HF_TOKEN',
      'WANDB_API_KEY',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'GOOGLE_APPLICATION_CREDENTIALS',
    ]),
  );
});
claim('security/git-gets-nothing', () => expect(given('git status')).toEqual([]));
claim('security/curl-gets-nothing', () => expect(given('curl https://example.com')).toEqual([]));
claim('security/modal-only', () =>
  expect(given('modal run app.py')).toEqual(['MODAL_TOKEN_ID', 'MODAL_TOKEN_SECRET']),
);
claim('security/lambda-only', () => expect(given('lambda-cloud ls')).toEqual(['LAMBDA_API_KEY']));
claim('security/aws-only', () =>
  expect(given('aws s3 ls')).toEqual([
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
  ]),
);
