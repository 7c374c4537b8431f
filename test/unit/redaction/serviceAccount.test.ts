import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';
import { redactText } from '../../../src/supervisor/redaction/text.ts';
import { everyByte, run } from './support.ts';

const newKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
const key = newKey();
const keyId = '0123fake4567fake89abfakecdef';
const account = {
  type: 'service_account',
  project_id: 'fake-project',
  private_key_id: keyId,
  private_key: key,
  client_email: 'fake@fake-project.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};
const text = JSON.stringify(account, null, 2);
const table = RedactionTable.build([
  { name: 'GCP', secret: new Secret(Buffer.from(text)), kind: 'json', publicPrefixes: [] },
]);
const lines = key.split('\n').slice(1, -2);

describe('a service-account document', { timeout: 120_000 }, () => {
  test('keeps its public fields and loses its secret ones', () => {
    const safe = JSON.parse(redactText(table, text));
    expect(safe).toEqual({
      ...account,
      private_key_id: '[REDACTED]',
      private_key: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n\[REDACTED\]\n-----END/),
    });
  });

  test.each([
    ['PEM', key],
    ['PEM on a terminal', key.replaceAll('\n', '\r\n')],
    ['joined', lines.join('')],
    ['indented', lines.map((line) => `    ${line}`).join('\n')],
    ['one line', `: ${lines[3]} :`],
    ['base64 of the document', Buffer.from(text).toString('base64')],
    ['hex of the key', Buffer.from(key).toString('hex')],
  ])('%s', (_, form) => {
    const bytes = Buffer.from(form);
    const safe = run(table, bytes).text();
    expect(safe).toContain('[REDACTED]');
    for (const line of lines.filter((part) => part.length >= 32)) {
      expect(safe).not.toContain(line.slice(0, 16));
    }
    for (const spelling of ['base64', 'hex'] as const) {
      expect(safe).not.toContain(
        Buffer.from(lines[4] ?? '')
          .toString(spelling)
          .slice(4, 24),
      );
    }
    expect(run(table, bytes, everyByte(bytes)).text()).toBe(safe);
    expect(run(table, bytes, [100, 777, 1200], 'tty').text()).toBe(
      run(table, bytes, everyByte(bytes), 'tty').text(),
    );
  });

  test('the key of another account stays visible', () => {
    const foreign = newKey();
    expect(redactText(table, foreign)).toBe(foreign);
    expect(redactText(table, JSON.stringify({ private_key: foreign }))).toBe(
      JSON.stringify({ private_key: foreign }),
    );
    const encoded = Buffer.from(foreign).toString('base64');
    expect(redactText(table, encoded)).toBe(encoded);
  });
});
