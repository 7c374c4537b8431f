import { readFileSync } from 'node:fs';
import { mask } from '../../../protocol/credential.ts';
import { allNames, canonicalName, variableOf } from '../../provider/catalog.ts';
import { Secret } from '../../secret.ts';
import type { Credential } from './vault.ts';

/**
 * The user's own keys: provider variables of the shell that started the session. They are
 * credentials of the session like synced ones. A canonical name wins over its aliases.
 */
export function ownKeys(env: Readonly<Record<string, string | undefined>>): Credential[] {
  const found = new Map<string, Credential>();
  for (const variable of allNames()) {
    const name = canonicalName(variable);
    const text = env[variable];
    if (name === undefined || text === undefined || text === '') continue;
    if (found.has(name) && variable !== name) continue;
    const credential = ownKey(name, text);
    if (credential !== undefined) found.set(name, credential);
  }
  return [...found.values()];
}

function ownKey(name: string, text: string): Credential | undefined {
  const known = variableOf(name);
  if (known === undefined) return undefined;
  const common = { name, provider: known.provider.id, source: 'environment' as const, version: 0 };
  if (known.variable.kind === 'text') {
    return { ...common, masked: mask(text), secret: new Secret(Buffer.from(text)) };
  }
  return { ...common, masked: '••••', secret: new Secret(contentsOf(text)), path: text };
}

/** Empty when the file can't be read: then there is nothing to redact, and the command is told. */
function contentsOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
