import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { root } from '../../support/session.ts';

/** Runs code as another user, in a login session of its own: a fresh session keyring, keyctl(2). */
function as(uid: number, code: string): string {
  const source = `
    const { libc } = await import('${root}/src/platform/native.ts');
    const call = libc('long syscall(long number, int operation, const char *name)');
    const session = call({ x64: 250, arm64: 219 }[process.arch], 1, null);
    if (session <= 0) throw new Error('no session keyring');
    const k = await import('${root}/src/platform/keyring.ts');
    console.log(${code});`;
  const identity = ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups'];
  const node = [process.execPath, '--import', `file://${root}/node_modules/tsx/dist/loader.mjs`];
  const result = spawnSync(
    'setpriv',
    [...identity, ...node, '--input-type=module', '-e', source],
    // no place for a cache of tsx, whose directories of one user would be in the way of the other
    { encoding: 'utf8', env: { PATH: process.env.PATH ?? '', TSX_DISABLE_CACHE: '1' } },
  );
  return result.stdout.trim() || result.stderr;
}

test.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')(
  'a key of a user is there for their later sessions, after their last process, and for nobody else (needs root)',
  () => {
    const name = `synsc:test:${process.pid}`;
    expect(as(65_534, `k.addKey('${name}', Buffer.from('value'))`)).toBe('true');
    expect(as(65_534, `String(k.readKey('${name}'))`)).toBe('value');
    expect(as(65_533, `String(k.readKey('${name}'))`)).toBe('undefined');
    expect(as(65_533, `k.removeKey('${name}')`)).toBe('false');
    expect(as(65_534, `k.addKey('${name}', Buffer.from('newer'))`)).toBe('true');
    expect(as(65_534, `String(k.readKey('${name}'))`)).toBe('newer');
    expect(as(65_534, `k.removeKey('${name}')`)).toBe('true');
    expect(as(65_534, `String(k.readKey('${name}'))`)).toBe('undefined');
  },
);
