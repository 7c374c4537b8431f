import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { envelope } from '../../src/dashboard/store/envelope.ts';
import { type Keyring, openKeyring } from '../../src/dashboard/store/keyring.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const place = {
  ...{ credential: randomUUID(), provider: 'wandb' },
  ...{ field: 'WANDB_API_KEY', version: 1 },
};
const unsealed = { code: 'SYNC_FAILED' };
const hexKey = () => randomBytes(32).toString('hex');

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synsc-keys-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const seal = (keyring: Keyring, user: string, value: string) =>
  envelope(keyring).toSeal(user, async (box) => box.seal(place, Buffer.from(value)));
const open = (keyring: Keyring, user: string, stored: Awaited<ReturnType<typeof seal>>) =>
  envelope(keyring).toOpen(user, async (box) => box.open(place, stored).toString());

describe('a stored value', () => {
  test('opens in its own place only', async () => {
    const keyring = await openKeyring(directory);
    const user = randomUUID();
    const stored = await seal(keyring, user, 'value');
    expect(await open(keyring, user, stored)).toBe('value');
    for (const moved of [
      { credential: randomUUID() },
      { provider: 'aws' },
      { field: 'HF_TOKEN' },
      { version: 2 },
    ]) {
      const elsewhere = envelope(keyring).toOpen(user, async (box) =>
        box.open({ ...place, ...moved }, stored),
      );
      await expect(elsewhere).rejects.toMatchObject(unsealed);
    }
    const other = randomUUID();
    await seal(keyring, other, 'another');
    await expect(open(keyring, other, stored)).rejects.toMatchObject(unsealed);
  });

  test('does not open when any one bit is flipped', async () => {
    const keyring = await openKeyring(directory);
    const user = randomUUID();
    const stored = await seal(keyring, user, 'value');
    for (const part of ['wrappedKey', 'sealed'] as const) {
      for (let at = 0; at < stored[part].length; at += 1) {
        const bytes = Buffer.from(stored[part]);
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        const opened = open(keyring, user, { ...stored, [part]: bytes });
        await expect(opened).rejects.toMatchObject(unsealed);
      }
    }
  });

  test('never opens again once the key of its user is shredded', async () => {
    const keyring = await openKeyring(directory);
    const [user, other] = [randomUUID(), randomUUID()];
    const stored = await seal(keyring, user, 'value');
    const kept = await seal(keyring, other, 'kept');
    await keyring.shred(user);
    await expect(open(keyring, user, stored)).rejects.toMatchObject(unsealed);
    expect(await keyring.users()).toEqual([other]);
    // a key that is made anew is another one
    await seal(keyring, user, 'later');
    await expect(open(keyring, user, stored)).rejects.toMatchObject(unsealed);
    expect(await open(keyring, other, kept)).toBe('kept');
  });

  test('has a key of its own each time', async () => {
    const keyring = await openKeyring(directory);
    const user = randomUUID();
    const [one, two] = [await seal(keyring, user, 'value'), await seal(keyring, user, 'value')];
    expect(Buffer.from(one.wrappedKey).equals(two.wrappedKey)).toBe(false);
    expect(Buffer.from(one.sealed).equals(two.sealed)).toBe(false);
  });
});

describe('key files', () => {
  test('are their owner’s alone', async () => {
    await seal(await openKeyring(directory), randomUUID(), 'value');
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect(mode & 0o077, entry.name).toBe(0);
    }
  });

  test('are refused when others can read the root key', async () => {
    await openKeyring(directory);
    await chmod(join(directory, 'root.key'), 0o640);
    const opened = openKeyring(directory);
    await expect(opened).rejects.toMatchObject({
      code: 'UNSAFE_DIRECTORY',
      hint: expect.stringContaining('chmod 600'),
    });
  });

  test('are refused without the root key, which is not made anew', async () => {
    await openKeyring(directory);
    await rm(join(directory, 'root.key'));
    await expect(openKeyring(directory)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(stat(join(directory, 'root.key'))).rejects.toThrow('ENOENT');
  });

  test('are refused with another root key', async () => {
    await openKeyring(directory);
    await writeFile(join(directory, 'root.key'), randomBytes(32));
    await expect(openKeyring(directory)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('of two users cannot be exchanged', async () => {
    const keyring = await openKeyring(directory);
    const [one, two] = [randomUUID(), randomUUID()];
    await seal(keyring, one, 'value');
    await seal(keyring, two, 'value');
    await writeFile(join(directory, 'users', one), await readFile(join(directory, 'users', two)));
    await expect(keyring.find(one)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('come out the same for two that start at once', async () => {
    const keyrings = await Promise.all(Array.from({ length: 8 }, () => openKeyring(directory)));
    expect(new Set(keyrings.map(({ secret }) => secret.toString('hex'))).size).toBe(1);
    const user = randomUUID();
    const keys = await Promise.all(keyrings.map((keyring) => keyring.findOrCreate(user)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  });
});

describe('the root key', () => {
  const sources = [
    { says: 'from a file', config: {} },
    { says: 'from the environment', config: { key: hexKey() } },
    { says: 'under a passphrase', config: { passphrase: 'four unrelated words here' } },
  ];
  test.each(sources)('$says opens the keys again', async ({ config }) => {
    const user = randomUUID();
    const stored = await seal(await openKeyring(directory, config), user, 'value');
    expect(await open(await openKeyring(directory, config), user, stored)).toBe('value');
  });

  test('stands in no file when it comes from the environment or under a passphrase', async () => {
    const key = hexKey();
    await openKeyring(join(directory, 'a'), { key });
    await openKeyring(join(directory, 'b'), { passphrase: 'four unrelated words here' });
    const entries = await readdir(directory, { recursive: true });
    expect(entries.filter((name) => name.endsWith('root.key'))).toEqual([]);
  });

  test('is refused under another passphrase', async () => {
    await openKeyring(directory, { passphrase: 'four unrelated words here' });
    const opened = openKeyring(directory, { passphrase: 'four unrelated words there' });
    await expect(opened).rejects.toMatchObject({
      message: 'the passphrase does not open the root key',
    });
  });

  test('is refused when the environment holds something else', async () => {
    const opened = openKeyring(directory, { key: 'too short' });
    await expect(opened).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('changes while values are sealed and opened, and the old one opens nothing', async () => {
    const running = await openKeyring(directory);
    const users = Array.from({ length: 20 }, () => randomUUID());
    const stored = new Map<string, Awaited<ReturnType<typeof seal>>>();
    for (const user of users) stored.set(user, await seal(running, user, user));
    const old = await readFile(join(directory, 'root.key'));

    const operator = await openKeyring(directory);
    let rotating = true;
    const load = (async () => {
      let opened = 0;
      while (rotating || opened < 100) {
        const user = users[opened % users.length] ?? '';
        const value = stored.get(user);
        if (value) expect(await open(running, user, value)).toBe(user);
        const fresh = randomUUID();
        stored.set(fresh, await seal(running, fresh, fresh));
        opened += 1;
      }
      return opened;
    })();
    for (let round = 0; round < 3; round += 1) await operator.rotate();
    rotating = false;
    expect(await load).toBeGreaterThan(0);

    const later = await openKeyring(directory);
    for (const [user, value] of stored) expect(await open(later, user, value)).toBe(user);
    expect((await readFile(join(directory, 'root.key'))).equals(old)).toBe(false);
    await writeFile(join(directory, 'root.key'), old);
    await expect(openKeyring(directory)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('goes on changing where a change was broken off', async () => {
    const keyring = await openKeyring(directory);
    const user = randomUUID();
    const stored = await seal(keyring, user, 'value');
    // as after a crash: the new key is there, nothing is wrapped by it yet
    await writeFile(join(directory, 'root.key.next'), randomBytes(32), { mode: 0o600 });
    const between = await openKeyring(directory);
    expect(await open(between, user, stored)).toBe('value');
    await between.rotate();
    expect(await open(await openKeyring(directory), user, stored)).toBe('value');
    expect(await readdir(directory)).not.toContain('root.key.next');
  });

  test('moves from its file under a passphrase, and from one in the environment to the next', async () => {
    const user = randomUUID();
    const stored = await seal(await openKeyring(directory), user, 'value');
    const passphrase = 'four unrelated words here';
    await (await openKeyring(directory, { passphrase })).rotate();
    expect(await readdir(directory)).not.toContain('root.key');
    await expect(openKeyring(directory)).rejects.toMatchObject({ code: 'UNSUPPORTED' });

    const [key, nextKey] = [hexKey(), hexKey()];
    const both = await openKeyring(directory, { key: nextKey, nextKey: key, passphrase });
    await both.rotate();
    expect(await open(await openKeyring(directory, { key }), user, stored)).toBe('value');
    expect(await readdir(directory)).not.toContain('root.sealed');
  });
});
