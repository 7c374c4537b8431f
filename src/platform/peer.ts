import type { Socket } from 'node:net';
import { libc } from './native.ts';
import { readKernelText } from './procfs.ts';

/** The process at the other end of a Unix socket, as the kernel attests it (unix(7), SO_PEERCRED). */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
}

// <asm-generic/socket.h>, the same on x64 and arm64
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** Undefined where the platform has no SO_PEERCRED or the socket is already closed. */
export function peerOf(socket: Socket): Peer | undefined {
  const getsockopt = libc('int getsockopt(int fd, int level, int name, void *value, void *length)');
  const fd = descriptorOf(socket);
  if (process.platform !== 'linux' || getsockopt === undefined) return undefined;
  if (fd === undefined) return undefined;
  const credentials = new Uint32Array(3); // struct ucred { pid, uid, gid }
  const length = new Uint32Array([credentials.byteLength]);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return undefined;
  const [pid = 0, uid = 0] = credentials;
  return pid > 0 ? { pid, uid } : undefined;
}

// <poll.h> of Linux
const POLLERR = 8;
const POLLHUP = 16;

/**
 * Whether the other end is closed in both directions, not only its sending one (poll(2)). True where
 * that can't be told: a client that has ended its stream then counts as gone.
 */
export function hungUp(socket: Socket): boolean {
  const poll = libc('int poll(void *fds, ulong count, int timeout)');
  const fd = descriptorOf(socket);
  if (poll === undefined || fd === undefined) return true;
  const asked = new Int16Array(4); // struct pollfd { int fd; short events; short revents; }
  new Int32Array(asked.buffer)[0] = fd;
  poll(asked, 1, 0);
  return ((asked[3] ?? 0) & (POLLHUP | POLLERR)) !== 0;
}

function descriptorOf(socket: Socket): number | undefined {
  const fd: unknown = Reflect.get(Object(Reflect.get(socket, '_handle')), 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/** Undefined when there is no such process (proc(5), stat field 4). */
export function parentOf(pid: number): number | undefined {
  return statField(pid, 4);
}

/** Clock ticks since boot, which tells a process from a later one with its pid (stat field 22). */
export function startTimeOf(pid: number): number | undefined {
  return statField(pid, 22);
}

/** Tells a process from every other, also from a later one with its pid. */
export function originOf(pid: number): string {
  return `${pid} ${startTimeOf(pid) ?? 0}`;
}

/** Process id of the session's leader (stat field 6). */
export function sessionOf(pid: number): number | undefined {
  return statField(pid, 6);
}

/** Letter of the state, `Z` for a zombie (stat field 3). */
export function stateOf(pid: number): string | undefined {
  return statText(pid, 3);
}

function statField(pid: number, field: number): number | undefined {
  const text = statText(pid, field);
  return text === undefined ? undefined : Number(text);
}

function statText(pid: number, field: number): string | undefined {
  const stat = readKernelText(`/proc/${pid}/stat`);
  // field 2 is the program's name, which may hold blanks and brackets
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3];
}
