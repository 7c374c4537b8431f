import { uptime } from 'node:os';

/**
 * Milliseconds of a clock that only measures how long something takes. Node's `performance` is a module of
 * its own, which each start of a session would load for it (2 ms).
 */
export function elapsed(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/**
 * Milliseconds since the machine started: a clock that nobody sets, and that goes on while the machine sleeps,
 * which neither the time of day nor timers do. Good to 10 ms.
 */
export function now(): number {
  return uptime() * 1_000;
}
