import { libc } from './native.ts';

/**
 * Keys of type `user` in the kernel's keyring of this user (user-keyring(7)): memory only, for every
 * process of the same user that links that keyring to one of its own, also in a later login session.
 * Gone at reboot; before Linux 5.3, which gave the keyring to the user namespace (0f44e4d976f9), with the
 * user's last process.
 */
const userKeyring = -4; // KEY_SPEC_USER_KEYRING
const threadKeyring = -1; // KEY_SPEC_THREAD_KEYRING
/** setperm(2): possessor everything; user view; others nothing. */
const permissions = 0x3f010000;
const operation = { join: 1, setperm: 5, link: 8, unlink: 9, search: 10, read: 11 };
/** System call numbers of add_key(2) and keyctl(2). */
const numbers: Record<string, { add: number; control: number }> = {
  x64: { add: 248, control: 250 },
  arm64: { add: 217, control: 219 },
};

/** Stores or replaces a key; false where the kernel or a sandbox does not allow it. */
export function addKey(description: string, value: Buffer): boolean {
  const call = libc(
    'long syscall(long number, const char *type, const char *description, const void *payload, size_t size, int keyring)',
  );
  const number = systemCalls()?.add;
  if (call === undefined || number === undefined) return false;
  possess(); // setperm(2) needs it
  const key = Number(call(number, 'user', description, value, value.length, userKeyring));
  if (key <= 0) return false;
  if (control(operation.setperm, key, permissions) === 0) return true;
  control(operation.unlink, key, userKeyring); // a later session could neither read nor replace it
  return false;
}

/** The payload of a key; undefined when there is none, or it cannot be read. */
export function readKey(description: string): Buffer | undefined {
  const key = search(description);
  const call = libc('long syscall(long number, int operation, int key, void *buffer, size_t size)');
  const number = systemCalls()?.control;
  if (key === undefined || call === undefined || number === undefined) return undefined;
  const buffer = Buffer.alloc(8192);
  const size = Number(call(number, operation.read, key, buffer, buffer.length));
  const value =
    size > 0 && size <= buffer.length ? Buffer.from(buffer.subarray(0, size)) : undefined;
  buffer.fill(0);
  return value;
}

/** Removes a key; false when there was none. */
export function removeKey(description: string): boolean {
  const key = search(description);
  return key !== undefined && control(operation.unlink, key, userKeyring) === 0;
}

/**
 * Gives what this thread starts from now on a session keyring of its own, which nothing is in: a login
 * session's leads to the user's keys (session-keyring(7)). False where the kernel refuses.
 */
export function joinFreshKeyring(): boolean {
  const call = libc('long syscall(long number, int operation, const char *name)');
  const number = systemCalls()?.control;
  if (call === undefined || number === undefined) return false;
  return Number(call(number, operation.join, null)) > 0;
}

/** Possession, by a keyring that no other thread and no child has; a login session may not give it. */
function possess(): void {
  control(operation.link, userKeyring, threadKeyring);
}

function search(description: string): number | undefined {
  possess();
  const call = libc(
    'long syscall(long number, int operation, int keyring, const char *type, const char *description, int destination)',
  );
  const number = systemCalls()?.control;
  if (call === undefined || number === undefined) return undefined;
  const key = Number(call(number, operation.search, userKeyring, 'user', description, 0));
  return key > 0 ? key : undefined;
}

function control(action: number, key: number, argument: number): number {
  const call = libc('long syscall(long number, int operation, int key, int argument)');
  const number = systemCalls()?.control;
  return call === undefined || number === undefined
    ? -1
    : Number(call(number, action, key, argument));
}

function systemCalls() {
  return process.platform === 'linux' ? numbers[process.arch] : undefined;
}
