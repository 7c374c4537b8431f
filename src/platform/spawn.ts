import { constants } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { libc } from './native.ts';

/** What is to be run, with all that it gets. */
export interface Program {
  /** A path: nothing is searched for. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its directory; ours where none is named. */
  readonly cwd?: string;
}

/** A descriptor of ours for each of its own from 0 on; `ignore`: /dev/null. */
export type Stdio = readonly (number | 'ignore')[];

// <spawn.h>: SETSID is of each system's own
const SETSIGDEF = 4;
const SETSIGMASK = 8;
const SETSID = process.platform === 'darwin' ? 0x400 : 0x80;

/** Bytes that hold `posix_spawnattr_t`, `posix_spawn_file_actions_t` and `sigset_t` of glibc, musl and macOS. */
const room = 512;

/**
 * Starts a program by posix_spawn(3), in a session of its own (setsid(2): no way back to the user's terminal)
 * and with every signal as the system has it. Unlike Node's spawn, which forks, it takes no longer in a
 * process with much memory, and no copy of that memory is ever there. Whoever calls it has to wait for the
 * process. Throws what the system says, such as ENOENT, E2BIG or EAGAIN, as `code`.
 */
export function spawnProcess({ file, args, env, cwd }: Program, stdio: Stdio): number {
  const words = [file, ...args];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  if ([...words, ...variables].some((text) => text.includes('\0'))) throw failure('EINVAL');
  const actions = Buffer.alloc(room);
  const pid = new Int32Array(1);
  call('int posix_spawn_file_actions_init(void *actions)', actions);
  try {
    for (const [to, from] of stdio.entries()) redirect(actions, from, to);
    if (cwd !== undefined) {
      call(
        'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
        actions,
        cwd,
      );
    }
    call(
      'int posix_spawn(int *pid, const char *path, void *actions, void *attr, const char **argv, const char **envp)',
      ...[pid, file, actions, attributes(), [...words, null], [...variables, null]],
    );
  } finally {
    call('int posix_spawn_file_actions_destroy(void *actions)', actions);
  }
  return pid[0] ?? 0;
}

function redirect(actions: Buffer, from: number | 'ignore', to: number): void {
  if (from === 'ignore') {
    call(
      'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint mode)',
      ...[actions, to, '/dev/null', to === 0 ? constants.O_RDONLY : constants.O_RDWR, 0],
    );
  } else {
    call(
      'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
      actions,
      from,
      to,
    );
  }
}

let made: Buffer | undefined;

/** A session of its own, no signal blocked, and none ignored: Node ignores SIGPIPE. */
function attributes(): Buffer {
  if (made !== undefined) return made;
  const attr = Buffer.alloc(room);
  call('int posix_spawnattr_init(void *attr)', attr);
  call('int posix_spawnattr_setsigdefault(void *attr, const void *set)', attr, everySignal);
  call('int posix_spawnattr_setsigmask(void *attr, const void *set)', attr, Buffer.alloc(room));
  call(
    'int posix_spawnattr_setflags(void *attr, short flags)',
    attr,
    SETSID | SETSIGDEF | SETSIGMASK,
  );
  made = attr;
  return made;
}

const everySignal = Buffer.alloc(room, 0xff);

function call(signature: string, ...values: unknown[]): void {
  const error: unknown = libc(signature)?.(...values) ?? -1;
  if (error !== 0) throw failure(error === -1 ? 'ENOSYS' : getSystemErrorName(-Number(error)));
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the system starts no process`), { code });
}
