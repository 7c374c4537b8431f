import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, SynscError } from '../../errors.ts';
import { decrypt, encrypt } from './cipher.ts';
import { createKeyFile, readIfThere, removeKeyFile, replaceKeyFile } from './keyFiles.ts';
import { withLock } from './lock.ts';
import { type RootConfig, type RootSource, rootSources } from './rootSource.ts';
import { isUuid } from './uuid.ts';

const idLength = 8;
/** Of the installation itself, beside the users'. */
const installation = 'installation';

/**
 * Keys that the root key wraps: one a user, and the secret of the installation. Each file begins
 * with the mark of the root key that wraps it, so that a root key can be changed file by file while
 * dashboards run: they look for a key that they do not know yet.
 */
export interface Keyring {
  /** 32 bytes of this installation, for everything that is derived. */
  readonly secret: Buffer;
  /** A user's key, which the caller overwrites; undefined when there is none (any more). */
  find(user: string): Promise<Buffer | undefined>;
  /** As `find`; made when it is missing. */
  findOrCreate(user: string): Promise<Buffer>;
  /** Removes a user's key: what it wrapped opens never again. */
  shred(user: string): Promise<void>;
  users(): Promise<string[]>;
  /** Makes a new root key and wraps all keys with it; returns how many. May be run again after a crash. */
  rotate(): Promise<number>;
}

/** Opens the directory of keys, which is made at the first start. */
export async function openKeyring(directory: string, config: RootConfig = {}): Promise<Keyring> {
  await mkdir(join(directory, 'users'), { recursive: true, mode: 0o700 });
  const files = new KeyFiles(directory, rootSources(directory, config));
  await files.prepare();
  const secret = await files.read(installation);
  if (!secret) throw new SynscError('INTERNAL', 'the secret of the installation was not written');
  return {
    secret,
    find: (user) => files.read(user),
    findOrCreate: async (user) => (await files.read(user)) ?? files.create(user),
    shred: (user) => removeKeyFile(files.path(user)),
    users: () => files.users(),
    rotate: () => files.rotate(),
  };
}

class KeyFiles {
  readonly #directory: string;
  readonly #sources: readonly RootSource[];
  readonly #roots = new Map<string, Buffer>();

  constructor(directory: string, sources: readonly RootSource[]) {
    this.#directory = directory;
    this.#sources = sources;
  }

  path(name: string): string {
    if (name === installation) return join(this.#directory, installation);
    if (!isUuid(name)) throw new RangeError('not a user id');
    return join(this.#directory, 'users', name);
  }

  async users(): Promise<string[]> {
    const names = await readdir(join(this.#directory, 'users'));
    return names.filter((name) => isUuid(name));
  }

  /** The first start makes the root key and the installation's secret. */
  async prepare(): Promise<void> {
    if (await readIfThere(this.path(installation))) return;
    if ((await this.users()).length > 0) throw lost();
    const [source] = this.#sources;
    if (!source) throw lost();
    const root = (await source.candidates())[0] ?? (await source.create());
    const wrapped = this.#wrap(installation, root, randomBytes(32));
    await createKeyFile(this.path(installation), wrapped);
  }

  async read(name: string): Promise<Buffer | undefined> {
    const wrapped = readAtOnce(this.path(name));
    return wrapped && this.#unwrap(name, wrapped, await this.#rootOf(wrapped));
  }

  /** Not while the root key changes: a key that is made now would keep the old one. */
  create(name: string): Promise<Buffer> {
    return withLock(this.#directory, 'shared', async () => {
      const own = await readIfThere(this.path(installation));
      if (!own) throw lost();
      const root = await this.#rootOf(own);
      const wrapped = this.#wrap(name, root, randomBytes(32));
      const kept = await createKeyFile(this.path(name), wrapped);
      return this.#unwrap(name, kept, await this.#rootOf(kept));
    });
  }

  rotate(): Promise<number> {
    return withLock(this.#directory, 'exclusive', async () => {
      const [target, ...others] = this.#sources;
      if (!target) throw lost();
      const next = await target.next();
      const names = [...(await this.users()), installation];
      for (const name of names) await this.#rewrap(name, next);
      await target.settle();
      for (const other of others) await other.discard();
      return names.length - 1;
    });
  }

  async #rewrap(name: string, next: Buffer): Promise<void> {
    const wrapped = await readIfThere(this.path(name));
    // a user who is deleted meanwhile stays so
    if (!wrapped || markOf(wrapped) === mark(next)) return;
    const key = this.#unwrap(name, wrapped, await this.#rootOf(wrapped));
    await replaceKeyFile(this.path(name), this.#wrap(name, next, key));
    key.fill(0);
  }

  /** The root key that wraps this file; looked for anew when it is not known. */
  async #rootOf(wrapped: Buffer): Promise<Buffer> {
    const wanted = markOf(wrapped);
    const known = this.#roots.get(wanted);
    if (known) return known;
    const found = await Promise.all(this.#sources.map((source) => source.candidates()));
    for (const root of found.flat()) this.#roots.set(mark(root), root);
    const root = this.#roots.get(wanted);
    if (root) return root;
    throw lost();
  }

  #wrap(name: string, root: Buffer, key: Buffer): Buffer {
    return Buffer.concat([Buffer.from(mark(root), 'hex'), encrypt(root, key, contextOf(name))]);
  }

  #unwrap(name: string, wrapped: Buffer, root: Buffer): Buffer {
    try {
      return decrypt(root, wrapped.subarray(idLength), contextOf(name));
    } catch (cause) {
      throw new SynscError('UNSUPPORTED', 'a key file was changed or belongs to somebody else', {
        cause,
        hint: 'restore the keys directory from its backup',
      });
    }
  }
}

/** Tells root keys apart without telling anything about them. */
function mark(root: Buffer): string {
  const digest = createHash('sha256').update('synsc root mark v1').update(root).digest();
  return digest.toString('hex', 0, idLength);
}

function markOf(wrapped: Buffer): string {
  return wrapped.toString('hex', 0, idLength);
}

/** Each sync reads 68 bytes: four trips to the thread pool would cost ten times as much. */
function readAtOnce(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function contextOf(name: string): Buffer {
  return Buffer.from(JSON.stringify(['synsc.kek.v1', name]));
}

function lost(): SynscError {
  return new SynscError('UNSUPPORTED', 'the root key is missing: stored credentials need it', {
    hint: 'restore keys/root.key of the data directory from its backup, or set SYNSC_ROOT_KEY, SYNSC_ROOT_KEY_FILE or SYNSC_ROOT_PASSPHRASE as before',
  });
}
