/** Closes what was opened, last opened first; a failing step does not stop the others. */
export class Scope {
  readonly #steps: Array<() => void | Promise<void>> = [];
  #closing: Promise<void> | undefined;

  /** Registers a step; after `close` has begun it runs at once. */
  defer(step: () => void | Promise<void>): void {
    if (this.#closing === undefined) this.#steps.push(step);
    else void this.#run(step, []);
  }

  /** Runs all steps once; every caller gets the same promise. Rejects with the first failure. */
  close(): Promise<void> {
    this.#closing ??= this.#unwind();
    return this.#closing;
  }

  async #unwind(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await this.#run(step, failures);
    }
    if (failures.length > 0) throw failures[0];
  }

  async #run(step: () => void | Promise<void>, failures: unknown[]): Promise<void> {
    try {
      await step();
    } catch (failure) {
      failures.push(failure);
    }
  }
}
