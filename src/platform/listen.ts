import type { Server } from 'node:net';

/** Listens on a Unix socket that is this user's alone (0600), from its first moment on. */
export function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).once('listening', resolve);
    const mask = process.umask(0o177);
    try {
      server.listen(path); // binds before it returns
    } finally {
      process.umask(mask);
    }
  });
}
