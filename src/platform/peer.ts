import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { libc } from './native.ts';

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
  const fd: unknown = Reflect.get(Object(Reflect.get(socket, '_handle')), 'fd');
  if (process.platform !== 'linux' || getsockopt === undefined) return undefined;
  if (typeof fd !== 'number' || fd < 0) return undefined;
  const credentials = new Uint32Array(3); // struct ucred { pid, uid, gid }
  const length = new Uint32Array([credentials.byteLength]);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return undefined;
  const [pid = 0, uid = 0] = credentials;
  return pid > 0 ? { pid, uid } : undefined;
}

/** Undefined when there is no such process (proc(5), stat field 4). */
export function parentOf(pid: number): number | undefined {
  return statField(pid, 4);
}

/** Clock ticks since boot, which tells a process from a later one with its pid (stat field 22). */
export function startTimeOf(pid: number): number | undefined {
  return statField(pid, 22);
}

function statField(pid: number, field: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // field 2 is the program's name, which may hold blanks and brackets
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[field - 3]);
  } catch {
    return undefined;
  }
}
