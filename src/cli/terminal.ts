import { setTimeout as delay } from 'node:timers/promises';
import { rawOutput, type SavedTerminal, savedTerminal } from '../platform/stty.ts';
import type { Answer, Approver, Offer, Question } from '../supervisor/authorization/approver.ts';
import type { Front } from '../supervisor/session/front.ts';
import { terminalSize } from './terminal-size.ts';

/** Milliseconds for which keys are ignored before an answer counts, so that nothing typed ahead does. */
const deadTime = 600;
/** Milliseconds that a question waits for an answer. */
const patience = 60_000;
/** Milliseconds for which an Enter after the answer belongs to the answer. */
const enterGrace = 400;

/** Bytes of output that wait behind a question. */
const heldLimit = 1024 * 1024;

/**
 * The user's own terminal, in raw mode. Keys go to the session's command, except while the user is
 * asked something: no command of the session can read or type those.
 */
export class FrontTerminal implements Approver {
  #target: Front | undefined;
  #asking: ((keys: Buffer) => void) | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #held: { bytes: Buffer; done: () => void }[] | undefined;
  #heldBytes = 0;
  #wasRaw = false;
  /** Typed before the command was there. */
  readonly #early: Buffer[] = [];

  /** Takes the terminal; `leave` gives it back, and who is handed `saved` when this process can't. */
  enter(remember: (saved: SavedTerminal) => void): void {
    const saved = savedTerminal();
    if (saved !== undefined) remember(saved);
    this.#wasRaw = process.stdin.isRaw;
    process.stdin.setRawMode(true);
    rawOutput(0);
    process.stdin.on('data', this.#keys);
    process.stdout.on('resize', this.#resized);
  }

  /** Restores the terminal, also after a crash: this must work from any state. */
  leave(): void {
    process.stdin.off('data', this.#keys);
    process.stdout.off('resize', this.#resized);
    if (process.stdin.isTTY) process.stdin.setRawMode(this.#wasRaw);
    process.stdin.pause();
  }

  connect(target: Front): void {
    this.#target = target;
    this.#resized();
    for (const keys of this.#early.splice(0)) void target.write(keys);
  }

  /** Resolves when the terminal has taken what was shown, or is closed. */
  flushed(): Promise<void> {
    return new Promise((resolve) => void process.stdout.write('', () => resolve()));
  }

  /**
   * Shows output, unless a question is on the screen: then it waits for the answer. False: stop. `done` is
   * called when the bytes are out.
   */
  show(bytes: Buffer, done: () => void): boolean {
    if (this.#held === undefined) return process.stdout.write(bytes, done);
    this.#held.push({ bytes, done });
    this.#heldBytes += bytes.length;
    return this.#heldBytes < heldLimit;
  }

  ask({ command, cwd, names, reason }: Question): Promise<Answer> {
    const lines = [
      `synsc: a command of this session asks to see ${names.join(', ')}`,
      `  command:   ${printable(command)}`,
      `  directory: ${printable(cwd)}`,
      ...(reason === undefined ? [] : [`  it says:   ${printable(reason)}`]),
    ];
    return this.#enqueue(lines, 'Show it to this one call?');
  }

  async offer({ message, question, byHand }: Offer): Promise<boolean> {
    const lines = [`synsc: ${printable(message)}`, `hint: ${printable(byHand)}`];
    return (await this.#enqueue(lines, question)) === 'approved';
  }

  #enqueue(lines: readonly string[], question: string): Promise<Answer> {
    const answer = this.#queue.then(() => this.#askNow(lines, question));
    this.#queue = answer;
    return answer;
  }

  readonly #keys = (keys: Buffer): void => {
    if (this.#asking !== undefined) this.#asking(keys);
    else if (this.#target !== undefined) void this.#target.write(keys);
    else this.#early.push(keys);
  };

  readonly #resized = (): void => {
    const { columns, rows } = terminalSize();
    this.#target?.resize(columns, rows);
  };

  async #askNow(lines: readonly string[], question: string): Promise<Answer> {
    this.#held = [];
    this.#asking = () => undefined;
    process.stdout.write(`\r\n${lines.join('\r\n')}\r\n`);
    await delay(deadTime);
    process.stdout.write(`${question} [y/N] `);
    const answer = await this.#answer();
    process.stdout.write(`${answer === 'approved' ? 'yes' : 'no'}\r\n`);
    this.#release();
    return answer;
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve('expired'), patience);
      this.#asking = (keys) => {
        clearTimeout(timer);
        resolve(/^y/i.test(keys.toString('latin1')) ? 'approved' : 'denied');
      };
    });
  }

  #release(): void {
    const until = Date.now() + enterGrace;
    this.#asking = (keys) => {
      this.#asking = undefined;
      const enter = keys[0] === 13 || keys[0] === 10;
      this.#keys(enter && Date.now() < until ? keys.subarray(1) : keys);
    };
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#heldBytes = 0;
    for (const { bytes, done } of held) process.stdout.write(bytes, done);
    this.#target?.resume();
  }
}

/** Control characters of a command could redraw the question: they are shown as ?. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
