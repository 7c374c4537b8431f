import { randomBytes, scrypt } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { SynscError } from '../../errors.ts';
import { decrypt, encrypt, wipe } from './cipher.ts';
import { createKeyFile, readPrivate, removeKeyFile, syncDirectory } from './keyFiles.ts';

/** Where the root key comes from; nothing: a file in the directory of keys. */
export interface RootConfig {
  /** 32 bytes as hex or base64. */
  readonly key?: string | undefined;
  /** The key to change to, and during the change. */
  readonly nextKey?: string | undefined;
  /** A file elsewhere, such as a systemd credential. */
  readonly file?: string | undefined;
  /** Seals the key file. */
  readonly passphrase?: string | undefined;
}

/** One place of root keys. */
export interface RootSource {
  /** The key there, then the one that is to follow it, as far as they are there. */
  candidates(): Promise<Buffer[]>;
  /** Makes the first one. */
  create(): Promise<Buffer>;
  /** The key that is to follow, made when it is not there yet. */
  next(): Promise<Buffer>;
  /** The one that followed is the key now. */
  settle(): Promise<void>;
  /** Another source holds the key from now on. */
  discard(): Promise<void>;
}

/** All places to look in; the first is where a new key goes. */
export function rootSources(directory: string, config: RootConfig): RootSource[] {
  const plain = fileSource(join(directory, 'root.key'), plainForm);
  return [
    ...(config.key ? [environmentSource(config.key, config.nextKey)] : []),
    ...(config.file && !config.key ? [fileSource(config.file, plainForm)] : []),
    ...(config.passphrase
      ? [fileSource(join(directory, 'root.sealed'), sealedForm(config.passphrase))]
      : []),
    plain,
  ];
}

/** How a key stands in a file. */
interface Form {
  read(bytes: Buffer): Promise<Buffer>;
  write(key: Buffer): Promise<Buffer>;
}

const plainForm: Form = {
  read: async (bytes) =>
    bytes.length === 32 ? bytes : keyOfText(bytes.toString('latin1').trim(), 'the root key file'),
  write: async (key) => Buffer.from(key),
};

function fileSource(path: string, form: Form): RootSource {
  const following = `${path}.next`;
  const read = async (file: string) => {
    const bytes = await readPrivate(file);
    return bytes && form.read(bytes);
  };
  const make = async (file: string) =>
    form.read(await createKeyFile(file, await form.write(randomBytes(32))));
  return {
    candidates: async () => {
      const found = [await read(path), await read(following)];
      return found.filter((key) => key !== undefined);
    },
    create: () => make(path),
    next: async () => (await read(following)) ?? make(following),
    settle: async () => {
      await rename(following, path);
      await syncDirectory(dirname(path));
    },
    discard: () => removeKeyFile(path),
  };
}

/** OWASP's scrypt setting with N = 2^17: 128 MiB and some 300 ms. */
const cost = { N: 2 ** 17, r: 8, p: 1 };
const sealedFile = z.object({
  salt: z.string(),
  N: z.number(),
  r: z.number(),
  p: z.number(),
  sealed: z.string(),
});
const sealedContext = Buffer.from('synsc.root.v1');

/** JSON: the salt, the cost, and the key under scrypt(passphrase). */
function sealedForm(passphrase: string): Form {
  return {
    async read(bytes) {
      const { salt, sealed, ...work } = sealedFile.parse(JSON.parse(bytes.toString('utf8')));
      const key = await stretch(passphrase, Buffer.from(salt, 'base64'), work);
      try {
        return decrypt(key, Buffer.from(sealed, 'base64'), sealedContext);
      } catch (cause) {
        throw new SynscError('UNSUPPORTED', 'the passphrase does not open the root key', {
          cause,
          hint: 'set SYNSC_ROOT_PASSPHRASE to the one that it was sealed with',
        });
      } finally {
        wipe(key);
      }
    },
    async write(root) {
      const salt = randomBytes(16);
      const key = await stretch(passphrase, salt, cost);
      const sealed = encrypt(key, root, sealedContext).toString('base64');
      wipe(key);
      return Buffer.from(JSON.stringify({ salt: salt.toString('base64'), ...cost, sealed }));
    },
  };
}

function stretch(passphrase: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N, r, p, maxmem: 160 * N * r };
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function environmentSource(current: string, following: string | undefined): RootSource {
  const key = keyOfText(current, 'SYNSC_ROOT_KEY');
  const next = following ? [keyOfText(following, 'SYNSC_ROOT_KEY_NEXT')] : [];
  return {
    candidates: async () => [key, ...next],
    create: async () => key,
    next: async () => {
      if (next[0]) return next[0];
      throw new SynscError('USAGE', 'the root key to change to is missing', {
        hint: 'set SYNSC_ROOT_KEY_NEXT, here and for the dashboards that run: `openssl rand -hex 32`',
      });
    },
    settle: async () => undefined,
    discard: async () => undefined,
  };
}

function keyOfText(text: string, place: string): Buffer {
  const key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64');
  if (key.length === 32) return key;
  throw new SynscError('USAGE', `${place} does not hold 32 bytes as hex or base64`, {
    hint: 'make one with `openssl rand -hex 32`',
  });
}
