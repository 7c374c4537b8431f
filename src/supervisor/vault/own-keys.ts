import { readFileSync } from 'node:fs';
import { maskOf } from '../../../protocol/credential.ts';
import { moveIn, release } from '../../platform/pages.ts';
import { allNames, canonicalName, variableOf } from '../../provider/catalog.ts';
import { Secret } from '../../secret.ts';
import type { Credential } from './vault.ts';

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

/** Empty when the file can't be read: then there is nothing to redact, and the command is told. */
function contentsOf(path: string): Buffer {
  try {
    return moveIn(readFileSync(path));
  } catch {
    return Buffer.alloc(0);
  }
}
