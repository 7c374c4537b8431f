import type { CredentialSummary, ProviderId } from '../../../protocol/credential.ts';
import { release, secretBuffer } from '../../platform/pages.ts';
import { variableOf } from '../../provider/catalog.ts';
import type { Secret } from '../../secret.ts';

const lineFeed = 0x0a;

/** One credential of the session. */
export interface Credential {
  readonly name: string;
  readonly provider: ProviderId;
  readonly source: 'dashboard' | 'environment';
  readonly masked: string;
  readonly version: number;
  readonly secret: Secret;
  /** The user's own file, where the value is a document that already has one (GCP). */
  readonly path?: string;
}

/** What the redactor looks for. */
export interface VaultNeedle {
  readonly name: string;
  readonly secret: Secret;
  readonly kind: 'text' | 'json';
  readonly publicPrefixes: readonly string[];
}

/** Where the file of a credential is that commands get as a path. */
interface Files {
  pathOf(credential: Credential): string;
}

/** What commands get: the value, or the path of the file that holds it. */
function handedOver(credential: Credential, files: Files): Buffer {
  const isFile = variableOf(credential.name)?.variable.kind === 'json';
  return isFile ? Buffer.from(files.pathOf(credential)) : credential.secret.expose();
}

function joined(parts: readonly Buffer[]): Buffer {
  const whole = secretBuffer(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(whole, at);
  return whole;
}

/** The credentials of one session, in memory only, for as long as the session lives. */
export class Vault {
  readonly #own: ReadonlyMap<string, Credential>;
  #synced = new Map<string, Credential>();
  /** Values that were replaced: commands may still print them. */
  readonly #retired: Credential[] = [];
  /** Values that no command gets, and that one could come across. */
  readonly #derived: VaultNeedle[] = [];

  /** `own`: the user's own keys, which win over synced ones of the same name. */
  constructor(own: readonly Credential[]) {
    this.#own = new Map(own.map((one) => [one.name, one]));
  }

  /** Takes the dashboard's latest, all at once, so that no pair is ever mixed; returns changed names. */
  replace(latest: readonly Credential[]): string[] {
    const before = this.#synced;
    this.#synced = new Map(latest.map((one) => [one.name, one]));
    const names = new Set([...before.keys(), ...this.#synced.keys()]);
    const changed = [...names].filter(
      (name) => before.get(name)?.version !== this.#synced.get(name)?.version,
    );
    for (const name of names) {
      const old = before.get(name);
      if (old === undefined) continue;
      if (changed.includes(name)) this.#retired.push(old);
      else this.#keep(old);
    }
    return changed.sort();
  }

  /** An unchanged value keeps its bytes: those are what the redaction table refers to. */
  #keep(old: Credential): void {
    const fresh = this.#synced.get(old.name);
    if (fresh !== undefined) release(fresh.secret.expose());
    this.#synced.set(old.name, old);
  }

  #current(): Map<string, Credential> {
    return new Map([...this.#synced, ...this.#own]);
  }

  names(): string[] {
    return [...this.#current().keys()].sort();
  }

  get(name: string): Credential | undefined {
    return this.#own.get(name) ?? this.#synced.get(name);
  }

  summaries(): CredentialSummary[] {
    return [...this.#current().values()].map(({ name, provider, source, masked, version }) => ({
      name,
      provider,
      source,
      masked,
      version,
    }));
  }

  /** Adds a value that opens credentials or was made of them, such as a token: it is redacted like them. */
  derive(name: string, secret: Secret, publicPrefixes: readonly string[]): void {
    this.#derived.push({ name, secret, kind: 'text', publicPrefixes });
  }

  /** Every value of this session that a command may print, replaced and derived ones included. */
  needles(): VaultNeedle[] {
    const all = [...this.#synced.values(), ...this.#own.values(), ...this.#retired];
    const stored = all.map(({ name, secret }) => {
      const variable = variableOf(name)?.variable;
      return {
        name,
        secret,
        kind: variable?.kind ?? 'text',
        publicPrefixes: variable?.publicPrefixes ?? [],
      };
    });
    return [...stored, ...this.#derived];
  }

  /**
   * `NAME=value` lines for the launcher, in memory for values; the caller releases it. `files` has those
   * of credentials that commands get as a path.
   */
  lines(variables: readonly { variable: string; from: string }[], files: Files): Buffer {
    const parts: Buffer[] = [];
    for (const { variable, from } of variables) {
      const credential = this.get(from);
      if (credential === undefined) continue;
      const value = handedOver(credential, files);
      // a line holds no line break; such a value could set other variables, so it stays here
      if (value.includes(lineFeed)) continue;
      parts.push(Buffer.from(`${variable}=`), value, Buffer.from('\n'));
    }
    return joined(parts);
  }

  /** Whether these bytes are what commands get under a variable name or alias. */
  holds(variable: string, bytes: Buffer, files: Files): boolean {
    const name = variableOf(variable)?.variable.name;
    const credential = name === undefined ? undefined : this.get(name);
    return credential !== undefined && handedOver(credential, files).equals(bytes);
  }

  wipe(): void {
    for (const { secret } of this.needles()) secret.wipe();
    this.#synced.clear();
  }
}
