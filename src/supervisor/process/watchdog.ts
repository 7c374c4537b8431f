import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startProcess } from '../../platform/children.ts';
import { elapsed } from '../../platform/clock.ts';
import { pipe, wakeAt } from '../../platform/descriptors.ts';
import type { ProcessMark } from '../../platform/mark.ts';
import type { SavedTerminal } from '../../platform/stty.ts';
import { childrenOf, type Identity, identities, isZombie, signal } from '../../platform/tree.ts';
import { cleanUp, sweep } from './cleanup.ts';

/** Milliseconds between two lists of what runs. */
const listInterval = 500;
/** Milliseconds that the end of a session waits for its end. */
const dismissalGrace = 250;

/**
 * Outlives a supervisor that was killed by SIGKILL, just long enough to kill what it left, to remove its
 * directories and to restore the terminal. Reads until the pipe closes, however that happens:
 * - `list PID:START…`: what runs; the start time spares a later process with the same pid.
 * - `also PID:START`: what has begun since.
 * - `terminal PATH SETTINGS`: how stty(1) restores it.
 * - `done`: the session ended in order.
 * What it is to clean up is in its environment, which other users can't read, and not in its arguments.
 * Those don't name the program either, so that `pkill -KILL -f synsc` spares it.
 */
const script = `
trap '' HUP INT QUIT TERM
while read -r what rest <&3; do
  case $what in
    list) list=$rest ;;
    also) list="$list $rest" ;;
    terminal) path=\${rest%% *} settings=\${rest#* } ;;
    done) exit 0 ;;
  esac
done${cleanUp}`;

export interface WatchdogOptions {
  readonly sessionId: string;
  /** Removed after the supervisor's death. */
  readonly directories: Readonly<Record<'directory' | 'files' | 'shims', string>>;
  readonly mark: ProcessMark;
  /** Notes a process that is not the session's to end, until the returned function is called. */
  readonly spare: (pid: number) => () => void;
}

interface Running {
  readonly pid: number;
  readonly orders: Socket;
  /** Resolves when it has ended. */
  readonly gone: Promise<void>;
}

/** The process that cleans up when this one can't. Where it is killed another one takes its place. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: NodeJS.Timeout;
  /** Undefined where there is none now. */
  #running: Running | undefined;
  #terminal: SavedTerminal | undefined;
  /** What it was told last of what runs. */
  #list = '';
  /** What has begun while a list is made; undefined when none is. */
  #meanwhile: Identity[] | undefined;
  #dismissed = false;
  /** Of one that was told to go. */
  #gone: Promise<void> = Promise.resolve();

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#start();
    this.#timer = setInterval(() => this.update(), listInterval).unref();
  }

  /** Tells it of a process that has begun. */
  add(process: Identity): void {
    this.#wake();
    this.#meanwhile?.push(process);
    this.#list += ` ${nameOf(process)}`;
    this.#say(`also ${nameOf(process)}`);
  }

  /** Tells it what runs now. */
  update(): void {
    this.#wake();
    if (this.#meanwhile === undefined) void this.#tellAll();
  }

  /** It may have been stopped, or is gone. */
  #wake(): void {
    if (this.#running === undefined) this.#start();
    else signal(this.#running.pid, 'SIGCONT');
  }

  async #tellAll(): Promise<void> {
    const meanwhile: Identity[] = [];
    this.#meanwhile = meanwhile;
    const all = [...(await identities()), ...meanwhile];
    this.#meanwhile = undefined;
    const list = all
      .filter(({ pid }) => pid !== this.#running?.pid)
      .map(nameOf)
      .join(' ');
    if (list !== this.#list) this.#say(`list ${list}`);
    this.#list = list;
  }

  /** It restores the terminal too. */
  remember(terminal: SavedTerminal): void {
    this.#terminal = terminal;
    this.#say(`terminal ${terminal.path} ${terminal.settings}`);
  }

  /**
   * The session ended in order: it goes without doing anything. Where something could not be ended, it
   * stays until this process is gone, and does it.
   */
  dismiss(): void {
    this.#dismissed = true;
    clearInterval(this.#timer);
    const running = this.#running;
    if (running === undefined || this.#isAnythingLeft()) return;
    this.#gone = running.gone;
    signal(running.pid, 'SIGCONT');
    this.#say('done');
  }

  /** Resolves when it has gone after that. */
  async left(): Promise<void> {
    await Promise.race([this.#gone, delay(dismissalGrace)]);
  }

  #isAnythingLeft(): boolean {
    return childrenOf(process.pid).some((pid) => pid !== this.#running?.pid && !isZombie(pid));
  }

  #say(line: string): void {
    this.#running?.orders.write(`${line}\n`);
  }

  /** Where there can be none now, the next list tries again. */
  #start(): void {
    const orders = pipe();
    if (orders === undefined) return;
    let tell: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const pid = this.#spawn(orders.read, tell);
    if (pid !== undefined) wakeAt(orders.read, pid);
    closeSync(orders.read);
    if (pid === undefined) closeSync(orders.write);
    else this.#take(pid, orders.write, gone);
  }

  /** Undefined where the system starts no process now. */
  #spawn(orders: number, ended: () => void): number | undefined {
    const { sessionId, directories, mark } = this.#options;
    const { directory, files, shims } = directories;
    const env = {
      PATH: '/usr/bin:/bin',
      ...{ ID: sessionId, MARK: mark.text ?? 'none', SUPERVISOR: String(process.pid) },
      ...{ DIRECTORY: directory, FILES: files, SHIMS: shims, SWEEP: sweep },
    };
    const program = { file: '/bin/sh', args: ['-c', script, 'session-watchdog'], env };
    const stdio = ['ignore', 'ignore', 'ignore', orders] as const;
    try {
      return mark.without(() => startProcess(program, stdio, ended));
    } catch {
      return undefined;
    }
  }

  #take(pid: number, fd: number, gone: Promise<void>): void {
    const orders = new Socket({ fd, readable: false, writable: true }).unref();
    orders.on('error', () => undefined); // it is gone
    const release = this.#options.spare(pid);
    const started = elapsed();
    void gone.then(() => {
      release();
      orders.destroy();
      this.#running = undefined;
      // one that can't live is tried again with the next list only
      if (!this.#dismissed && elapsed() - started > listInterval) this.update();
    });
    this.#running = { pid, orders, gone };
    this.#list = '';
    if (this.#terminal !== undefined) this.remember(this.#terminal);
  }
}

function nameOf({ pid, start }: Identity): string {
  return `${pid}:${start}`;
}
