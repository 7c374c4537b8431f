import { inspect } from 'node:util';
import { REDACTED } from '../protocol/credential.ts';

/**
 * A credential value. Whichever way it is printed, it prints as `[REDACTED]`; `expose()` is the only
 * way to the plain bytes, and `test/unit/architecture.test.ts` holds the list of files that call it.
 */
export class Secret {
  readonly #bytes: Buffer;

  /** Takes ownership of `bytes`: the caller must not keep or change them. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The plain bytes themselves, not a copy. */
  expose(): Buffer {
    return this.#bytes;
  }

  /** Another one of the same bytes, which lives and is wiped by itself. */
  copy(): Secret {
    return new Secret(Buffer.from(this.#bytes));
  }

  /** Overwrites the value; the secret is empty bytes (NUL) afterwards. */
  wipe(): void {
    this.#bytes.fill(0);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
