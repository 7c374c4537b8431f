import type { Socket } from 'node:net';
import { hungUp } from '../../platform/peer.ts';

/** Bytes that may wait for a reader before its sender is asked to stop. */
export const writeBuffer = 256 * 1024;

/** Milliseconds between two looks whether a client that sent its last byte is still there. */
const lookInterval = 100;

/** Calls back when the other end is closed in both directions, after it has ended its own. */
export function whenHungUp(socket: Socket, leave: () => void): void {
  const timer = setInterval(() => {
    if (!hungUp(socket)) return;
    clearInterval(timer);
    leave();
  }, lookInterval).unref();
  socket.once('close', () => clearInterval(timer));
}

/** What is written between a call of this and the end of the callback goes in one system call. */
export function togetherOn(socket: Socket): () => void {
  let corked = false;
  return () => {
    if (corked) return;
    corked = true;
    socket.cork();
    process.nextTick(() => {
      corked = false;
      socket.uncork();
    });
  };
}

/** Resolves when the other end has taken what was written, or is gone. */
export function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    function done(): void {
      socket.off('drain', done).off('close', done);
      resolve();
    }
    socket.on('drain', done).on('close', done);
  });
}
