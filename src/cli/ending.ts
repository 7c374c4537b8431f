import { isatty } from 'node:tty';
import { errors } from '../../protocol/errors.ts';
import { writeWithoutWaiting } from '../platform/descriptors.ts';
import { exitCodeOfSignal } from './exit-code.ts';
import { printError } from './print.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Milliseconds that output may take which is still to be read when this process was asked to end. */
const outputGrace = 500;

/** What a failed write stands for: nobody reads any more, or the terminal is closed. */
const signalOf: Readonly<Record<string, NodeJS.Signals>> = { EPIPE: 'SIGPIPE', EIO: 'SIGHUP' };

/** Thrown into what this process was doing when it was asked to end. */
class Interrupted extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('this process was asked to end');
    this.exitCode = exitCode;
  }
}

/**
 * Hears, from its making on, when this process shall end: by a signal or a bug. Neither ends it at
 * once any more, because a session has to be closed first.
 */
export class Ending {
  /** Resolves with the exit code. */
  readonly asked: Promise<number>;
  #resolve: (exitCode: number) => void = () => undefined;
  #exitCode: number | undefined;
  #handedOver = false;
  #failed = false;

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    for (const name of signals) process.on(name, () => this.#hear(name));
    // a bug must not leave commands behind that hold credentials
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      process.on(event, (error: unknown) => this.#fail(error));
    }
  }

  #hear(signal: string): void {
    if (!this.#handedOver) this.#end(exitCodeOfSignal(signal));
  }

  /** One that strikes again and again is told once. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#end(printError(error, { json: false }));
  }

  #end(exitCode: number): void {
    this.#exitCode ??= exitCode;
    this.#resolve(this.#exitCode);
  }

  /** Also ends with a closed terminal or pipe: the other side of our own input and output. */
  heedStreams(): void {
    // only a terminal's is read here: a command on pipes inherits ours
    if (isatty(0)) process.stdin.on('error', () => this.#hear('SIGHUP'));
    for (const sink of [process.stdout, process.stderr]) {
      writeWithoutWaiting(sink); // a signal is to be heard also while nobody takes it
      sink.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
        const signal = signalOf[code];
        if (signal === undefined) this.#end(errors.SYSTEM.exit);
        else this.#hear(signal);
      });
    }
  }

  /** From now on signals are for somebody else to hear; still none ends this process by itself. */
  handOverSignals(): void {
    this.#handedOver = true;
  }

  /** Everything is closed: where this process was asked to end, a reader that does not read keeps it no longer. */
  closed(): void {
    const exitCode = this.#exitCode;
    if (exitCode !== undefined) setTimeout(() => process.exit(exitCode), outputGrace).unref();
  }

  /** What `work` resolves with; rejects when this process shall end before that. */
  async unless<T>(work: Promise<T>): Promise<T> {
    const interrupted = this.asked.then((exitCode) => {
      throw new Interrupted(exitCode);
    });
    const done = await Promise.race([interrupted, work]);
    if (this.#exitCode !== undefined) throw new Interrupted(this.#exitCode);
    return done;
  }
}

/**
 * Runs what must be closed before this process ends, and waits for it. Resolves with its exit code:
 * 128+n after signal n.
 */
export async function untilEnded(run: (ending: Ending) => Promise<number>): Promise<number> {
  const ending = new Ending();
  try {
    return await run(ending);
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    throw error;
  } finally {
    ending.closed();
  }
}
