import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openedBy } from '../../platform/inspector.ts';
import type { Protection } from '../../platform/pages.ts';
import { isTmpfs } from '../../platform/tmpfs.ts';
import { paint, printJson } from '../print.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What is there, or what is missing and how to get it. */
  readonly detail: string;
}

/** `synsc doctor`: what protects a session on this machine and what is missing. Exits 1 on a gap. */
export async function doctor({ json }: { readonly json?: boolean }): Promise<number> {
  const checks = [
    ...(await native()),
    tmpfs(),
    runtimeDirectory(),
    inspector(),
    await shims(),
    await policy(),
    await dashboard(),
  ];
  if (json) printJson({ checks });
  else {
    for (const { name, ok, detail } of checks) {
      process.stdout.write(
        `${ok ? paint('green', 'ok') : paint('red', 'no')}  ${name}: ${detail}\n`,
      );
    }
  }
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

async function native(): Promise<Check[]> {
  const [{ harden }, { libc }, { openTerminal }, pages, { joinFreshKeyring }] = await Promise.all([
    import('../../platform/harden.ts'),
    import('../../platform/native.ts'),
    import('../../platform/pty.ts'),
    import('../../platform/pages.ts'),
    import('../../platform/keyring.ts'),
  ]);
  const { undumpable, subreaper, noCore } = harden();
  const peer =
    process.platform === 'linux' && libc('int getsockopt(int, int, int, void *, void *)');
  const check = (name: string, ok: boolean, yes: string, no: string) => ({
    name,
    ok,
    detail: ok ? yes : no,
  });
  return [
    check(
      'memory',
      undumpable && noCore,
      'closed to other processes of this user, no core file',
      'other processes of this user can read it: install the optional package koffi',
    ),
    values(pages.protection()),
    check(
      'keyring',
      joinFreshKeyring(),
      'commands have a kernel keyring of their own',
      'commands share the kernel keyring of your login',
    ),
    check(
      'session tree',
      subreaper,
      'orphans stay in the session',
      'orphans of commands can outlive the session',
    ),
    check(
      'peer check',
      Boolean(peer),
      'the kernel names who connects',
      'nobody can use the socket: install the optional package koffi',
    ),
    terminal(openTerminal),
  ];
}

const protections: Readonly<Record<Protection, string>> = {
  secret: 'in pages that no other process, core dump or swap gets, nor root reads (memfd_secret)',
  locked: 'in locked memory: not swapped, not in core dumps (no memfd_secret on this kernel)',
  plain: 'in ordinary memory, which may be swapped: raise the limit of locked memory (ulimit -l)',
};

/** Where values are kept. */
function values(protection: Protection): Check {
  return { name: 'values', ok: protection !== 'plain', detail: protections[protection] };
}

function terminal(open: (columns: number, rows: number) => { path: string }): Check {
  try {
    return { name: 'terminal', ok: true, detail: `commands can have one (${open(80, 24).path})` };
  } catch (error) {
    return { name: 'terminal', ok: false, detail: error instanceof Error ? error.message : 'no' };
  }
}

function tmpfs(): Check {
  const places = [process.env.XDG_RUNTIME_DIR ?? '', '/dev/shm'];
  const place = places.find((one) => isTmpfs(one));
  const detail = place
    ? `credential files live in memory (${place})`
    : 'GCP credentials are withheld';
  return { name: 'tmpfs', ok: place !== undefined, detail };
}

function runtimeDirectory(): Check {
  const place = process.env.XDG_RUNTIME_DIR ?? tmpdir();
  return { name: 'socket directory', ok: existsSync(place), detail: place };
}

function inspector(): Check {
  const opened = openedBy([...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)]);
  const detail = opened ? `sessions refuse to start: remove ${opened} from NODE_OPTIONS` : 'closed';
  return { name: 'inspector', ok: opened === undefined, detail };
}

async function shims(): Promise<Check> {
  const { askingBy } = await import('../../supervisor/shim/directory.ts');
  const by = askingBy();
  return {
    name: 'shims',
    ok: by !== undefined,
    detail: by
      ? `each program is decided when it starts (asks by ${by})`
      : 'programs in a shell text get nothing: install perl or curl',
  };
}

async function policy(): Promise<Check> {
  const name = 'policy';
  try {
    const { readSettings } = await import('../../account/settings.ts');
    const { parseRules } = await import('../../supervisor/policy/rules.ts');
    const { grant, deny } = parseRules(readSettings(process.env).policy);
    const rules = [...named('grant', grant), ...named('deny', deny)];
    const detail =
      rules.length > 0 ? `your own rules: ${rules.join('; ')}` : 'no rules of your own';
    return { name, ok: true, detail };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : 'not readable' };
  }
}

function named(kind: string, rules: ReadonlyMap<string, readonly { id: string }[]>): string[] {
  return [...rules].map(
    ([tool, list]) => `${kind} ${tool}: ${list.map(({ id }) => id).join(', ')}`,
  );
}

async function dashboard(): Promise<Check> {
  const name = 'dashboard';
  try {
    const { openAccount } = await import('../../account/sign-in.ts');
    const { client, dashboard: url, tokenSource } = await openAccount(process.env);
    try {
      const { account } = await client.status();
      return {
        name,
        ok: true,
        detail: `${url}, signed in as ${account.email} (token: ${tokenSource})`,
      };
    } finally {
      client.close();
    }
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : 'not reachable' };
  }
}
