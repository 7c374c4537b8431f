import { originOf } from '../../platform/peer.ts';
import { ancestorsOf } from './commands.ts';

const kept = 4_096;

/**
 * What running programs were given. A tool is often a script: `#!/usr/bin/env python3` starts the shim
 * of Python in the very process that was decided on, and gcloud(1) starts it below. That is still the tool.
 */
export class Granted {
  readonly #names = new Map<string, readonly string[]>();

  note(pid: number, names: readonly string[]): void {
    this.#names.set(originOf(pid), names);
    const [oldest] = this.#names.keys();
    if (this.#names.size > kept && oldest !== undefined) this.#names.delete(oldest);
  }

  /** What this very process was given before it became what it is now. */
  byItself(pid: number): readonly string[] | undefined {
    return this.#names.get(originOf(pid));
  }

  /** What the nearest program above was given. */
  above(pid: number): readonly string[] | undefined {
    const [, ...ancestors] = ancestorsOf(pid);
    return ancestors.map((one) => this.byItself(one)).find((names) => names !== undefined);
  }
}
