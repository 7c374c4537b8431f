import { originOf } from '../../platform/peer.ts';
import type { ManagedProcess } from '../process/table.ts';
import type { Command } from './commands.ts';
import type { Caller } from './verbs.ts';

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
  /** Id of a tool that runs under the session → the process whose shim was told to. */
  readonly #running = new Map<string, string>();

  /** Notes that a caller runs this process, which it may then read, write to and signal. */
  runs({ origin }: Pick<Caller, 'origin'>, { id, released }: ManagedProcess): void {
    if (origin === undefined) return;
    this.#running.set(id, origin);
    void released.then(() => this.#running.delete(id));
  }

  mayReach({ origin }: Pick<Caller, 'origin'>, processId: string): boolean {
    return origin !== undefined && this.#running.get(processId) === origin;
  }

  give(pid: number, relay: Relay): void {
    const key = originOf(pid);
    this.#waiting.set(key, relay);
    setTimeout(() => void this.#waiting.delete(key), lifetime).unref();
  }

  /** Undefined when this process was told nothing, or has used it up. */
  take(pid: number): Relay | undefined {
    const key = originOf(pid);
    const relay = this.#waiting.get(key);
    this.#waiting.delete(key);
    return relay;
  }
}
