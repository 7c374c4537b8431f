import { startTimeOf } from '../../platform/peer.ts';
import type { Command } from './commands.ts';

/** A tool that is to run under the session, because its output would lead past it. */
export interface Relay {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** As its shim had it, without any credential. */
  readonly env: Readonly<Record<string, string>>;
  readonly given: readonly string[];
  readonly outer: Command;
}

/** Milliseconds that a shim has to become `synsc relay`. */
const lifetime = 10_000;

/** What shims were told to run under the session: each good once, for the very process that asked. */
export class Relays {
  readonly #waiting = new Map<string, Relay>();
  readonly #running = new WeakMap<object, string>();

  /** Notes that a caller's connection runs this process, which it may then write to and signal. */
  runs(caller: object, processId: string): void {
    this.#running.set(caller, processId);
  }

  mayReach(caller: object, processId: string): boolean {
    return this.#running.get(caller) === processId;
  }

  give(pid: number, relay: Relay): void {
    const key = keyOf(pid);
    this.#waiting.set(key, relay);
    setTimeout(() => void this.#waiting.delete(key), lifetime).unref();
  }

  /** Undefined when this process was told nothing, or has used it up. */
  take(pid: number): Relay | undefined {
    const key = keyOf(pid);
    const relay = this.#waiting.get(key);
    this.#waiting.delete(key);
    return relay;
  }
}

/** The same process after `exec`, and no later one with its pid. */
function keyOf(pid: number): string {
  return `${pid}:${startTimeOf(pid) ?? 0}`;
}
