import { maskOf } from '../../../protocol/credential.ts';
import { readSmall } from '../../platform/files.ts';
import { moveIn, release } from '../../platform/pages.ts';
import { allNames, canonicalName, variableOf } from '../../provider/catalog.ts';
import { Secret } from '../../secret.ts';
import type { Credential } from './vault.ts';

/** Bytes of a key file at most. */
const sizeLimit = 1024 * 1024;

/**
 * The user's own keys: provider variables of the shell that started the session. They are
 * credentials of the session like synced ones. A canonical name wins over its aliases.
 * `take` hands over a variable's value, for good.
 */
export function ownKeys(take: (variable: string) => Buffer | undefined): Credential[] {
  const found = new Map<string, Credential>();
  for (const variable of allNames()) {
    const name = canonicalName(variable);
    const bytes = take(variable);
    if (name === undefined || bytes === undefined || bytes.length === 0) continue;
    const credential = variable === name || !found.has(name) ? ownKey(name, bytes) : undefined;
    if (credential === undefined) release(bytes);
    else found.set(name, credential);
  }
  return [...found.values()];
}

function ownKey(name: string, bytes: Buffer): Credential | undefined {
  const known = variableOf(name);
  if (known === undefined) return undefined;
  const common = { name, provider: known.provider.id, source: 'environment' as const, version: 0 };
  if (known.variable.kind === 'text') {
    const masked = maskOf(bytes.length, bytes.toString('utf8', Math.max(0, bytes.length - 4)));
    return { ...common, masked, secret: new Secret(bytes) };
  }
  const path = bytes.toString();
  return { ...common, masked: '••••', secret: new Secret(contentsOf(path)), path };
}

/** Empty when it is no file that can be read: then there is nothing to redact, and the command is told. */
function contentsOf(path: string): Buffer {
  return moveIn(readSmall(path, sizeLimit) ?? Buffer.alloc(0));
}
