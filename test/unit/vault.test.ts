import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { libc } from '../../src/platform/native.ts';
import { Secret } from '../../src/secret.ts';
import { ProcessTable } from '../../src/supervisor/process/table.ts';
import { CredentialFiles } from '../../src/supervisor/vault/credential-file.ts';
import { ownKeys } from '../../src/supervisor/vault/own-keys.ts';
import { type Credential, Vault } from '../../src/supervisor/vault/vault.ts';

const credential = (name: string, value: string, version = 1): Credential => ({
  name,
  provider: 'aws',
  source: 'dashboard',
  masked: '••••',
  version,
  secret: new Secret(Buffer.from(value)),
});
const lines = (vault: Vault, ...names: string[]) =>
  vault
    .lines(
      names.map((name) => ({ variable: name, from: name })),
      { pathOf: () => '/path' },
    )
    .toString();

const from = (env: Record<string, string>) => (name: string) =>
  env[name] === undefined ? undefined : Buffer.from(env[name]);

describe('at the end of a session', () => {
  test('no command that was about to start brings its credential files back', () => {
    const place = mkdtempSync('/dev/shm/synsc-vault-');
    const files = new CredentialFiles(place, 'abcdefghij');
    const directory = files.own();
    expect(existsSync(directory)).toBe(true);
    files.remove();
    const late = () => files.pathOf(credential('GOOGLE_APPLICATION_CREDENTIALS', '{}'));
    expect(late).toThrow(expect.objectContaining({ code: 'SESSION_ENDING' }));
    expect(existsSync(directory)).toBe(false);
    rmSync(place, { recursive: true });
  });

  test('the values of one that is refused are overwritten', async () => {
    const table = new ProcessTable();
    await table.close();
    const values = Buffer.from('HF_TOKEN=value\n');
    const command = { file: '/bin/true', args: [], cwd: '/', env: {}, command: 'true' };
    const filter = () => ({ write: () => undefined, end: () => undefined });
    const start = () => table.start({ ...command, values, filter, stdin: 'none' });
    expect(start).toThrow(expect.objectContaining({ code: 'SESSION_ENDING' }));
    expect(values.every((byte) => byte === 0)).toBe(true);
  });
});

/** Does something while this process can write no larger files. */
function withFilesUpTo(bytes: bigint, work: () => void): void {
  const RLIMIT_FSIZE = 1;
  const before = new BigUint64Array(2);
  const set = libc('int setrlimit(int resource, const uint64_t *limits)');
  libc('int getrlimit(int resource, uint64_t *limits)')?.(RLIMIT_FSIZE, before);
  set?.(RLIMIT_FSIZE, new BigUint64Array([bytes, before[1] ?? 0n]));
  try {
    work();
  } finally {
    set?.(RLIMIT_FSIZE, before);
  }
}

test('of a credential file that can not be written anew nothing is left, until it can', () => {
  const place = mkdtempSync('/dev/shm/synsc-vault-');
  const files = new CredentialFiles(place, 'abcdefghij');
  const name = 'GOOGLE_APPLICATION_CREDENTIALS';
  const file = files.pathOf(credential(name, 'old'));
  const next = credential(name, 'new '.repeat(1_000), 2);
  withFilesUpTo(1_000n, () => {
    files.refresh(name, next);
    expect(() => files.pathOf(next)).toThrow('EFBIG');
  });
  expect(readdirSync(files.directory)).toEqual([]);
  expect(files.pathOf(next)).toBe(file);
  expect(readFileSync(file, 'utf8')).toBe('new '.repeat(1_000));
  files.remove();
  rmSync(place, { recursive: true });
});

describe('the vault', () => {
  test('takes a new pair all at once and keeps old values for redaction', () => {
    const vault = new Vault([]);
    vault.replace([
      credential('AWS_ACCESS_KEY_ID', 'id1'),
      credential('AWS_SECRET_ACCESS_KEY', 's1'),
    ]);
    expect(
      vault.replace([
        credential('AWS_ACCESS_KEY_ID', 'id2', 2),
        credential('AWS_SECRET_ACCESS_KEY', 's2', 2),
      ]),
    ).toEqual(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    expect(lines(vault, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')).toBe(
      'AWS_ACCESS_KEY_ID=id2\nAWS_SECRET_ACCESS_KEY=s2\n',
    );
    expect(
      vault
        .needles()
        .map(({ secret }) => secret.expose().toString())
        .toSorted(),
    ).toEqual(['id1', 'id2', 's1', 's2']);
  });

  test('an unchanged value is no change, and a removed one is', () => {
    const vault = new Vault([]);
    vault.replace([credential('HF_TOKEN', 'one')]);
    expect(vault.replace([credential('HF_TOKEN', 'one')])).toEqual([]);
    expect(lines(vault, 'HF_TOKEN')).toBe('HF_TOKEN=one\n');
    expect(vault.replace([])).toEqual(['HF_TOKEN']);
    expect(vault.names()).toEqual([]);
  });

  test("the user's own key wins over a synced one", () => {
    const vault = new Vault(ownKeys(from({ HF_TOKEN: 'mine' })));
    vault.replace([credential('HF_TOKEN', 'theirs')]);
    expect(lines(vault, 'HF_TOKEN')).toBe('HF_TOKEN=mine\n');
    expect(vault.summaries()).toMatchObject([{ name: 'HF_TOKEN', source: 'environment' }]);
  });

  test('an alias alone is the same credential; the canonical name wins over it', () => {
    expect(ownKeys(from({ HUGGING_FACE_HUB_TOKEN: 'alias' }))).toMatchObject([
      { name: 'HF_TOKEN' },
    ]);
    const [key] = ownKeys(from({ HUGGING_FACE_HUB_TOKEN: 'alias', HF_TOKEN: 'canonical' }));
    expect(key?.secret.expose().toString()).toBe('canonical');
  });

  test('a value with a line break sets no other variable', () => {
    const vault = new Vault(ownKeys(from({ HF_TOKEN: 'x\nLD_PRELOAD=/tmp/x.so' })));
    expect(lines(vault, 'HF_TOKEN')).toBe('');
  });

  test('a secret prints as its mark, whichever way', () => {
    const secret = new Secret(Buffer.from('value'));
    expect(`${String(secret)} ${JSON.stringify({ secret })}`).toBe(
      '[REDACTED] {"secret":"[REDACTED]"}',
    );
    secret.wipe();
    expect(secret.expose().toString()).toBe('\0'.repeat(5));
  });
});
