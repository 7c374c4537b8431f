import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import type { WriteStream } from 'node:tty';
import { libc } from './native.ts';

// <fcntl.h> of Linux, the same on x64 and arm64
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;
const O_ASYNC = 0o20000;
const O_CLOEXEC = 0o2000000;

/** A real pipe; Node's own is a socket pair, on which `> /dev/stdout` fails and bash reads ~/.bashrc. */
export function pipe(): { read: number; write: number } | undefined {
  const fds = new Int32Array(2);
  const pipe2 = libc('int pipe2(int *fds, int flags)');
  if (pipe2?.(fds, O_CLOEXEC) !== 0) return undefined;
  const [read = -1, write = -1] = fds;
  return { read, write };
}

/** Keeps a descriptor out of every program started later. */
export function closeOnExec(fd: number): void {
  libc('int fcntl(int fd, int command, ...)')?.(fd, F_SETFD, 'int', FD_CLOEXEC);
}

/** Keeps everything that the launching shell left open out of every command: all but the standard three. */
export function closeInheritedOnExec(): void {
  for (const name of readdirSync('/proc/self/fd')) if (Number(name) > 2) closeOnExec(Number(name));
}

/** Makes reads and writes wait, as programs expect of a terminal. */
export function blocking(fd: number): void {
  const fcntl = libc('int fcntl(int fd, int command, ...)');
  const flags = Number(fcntl?.(fd, F_GETFL, 'int', 0) ?? 0);
  fcntl?.(fd, F_SETFL, 'int', flags & ~O_NONBLOCK);
}

/** Makes reads answer EAGAIN when there is nothing. */
export function nonBlocking(fd: number): void {
  const fcntl = libc('int fcntl(int fd, int command, ...)');
  const flags = Number(fcntl?.(fd, F_GETFL, 'int', 0) ?? 0);
  fcntl?.(fd, F_SETFL, 'int', flags | O_NONBLOCK);
}

/**
 * Has the kernel send SIGCONT to a process when something comes at its end of a pipe, or the other end is
 * closed: also one that somebody has stopped then learns of it (fcntl(2), F_SETSIG).
 */
export function wakeAt(fd: number, pid: number): void {
  const fcntl = libc('int fcntl(int fd, int command, ...)');
  const flags = Number(fcntl?.(fd, F_GETFL, 'int', 0) ?? 0);
  fcntl?.(fd, F_SETOWN, 'int', pid);
  fcntl?.(fd, F_SETSIG, 'int', constants.signals.SIGCONT);
  fcntl?.(fd, F_SETFL, 'int', flags | O_ASYNC);
}

/**
 * Writes to a terminal wait in the stream and not in this process, which a terminal that takes nothing
 * more (a connection that hangs) would stop. Only where Node has opened the terminal anew: the setting is
 * one of all who share it.
 */
export function writeWithoutWaiting(stream: WriteStream): void {
  const handle: object = Object(Reflect.get(stream, '_handle')) as object;
  const setBlocking: unknown = Reflect.get(handle, 'setBlocking');
  if (!stream.isTTY || Reflect.get(handle, 'fd') === Reflect.get(stream, 'fd')) return;
  if (typeof setBlocking === 'function') Reflect.apply(setBlocking, handle, [false]);
}
