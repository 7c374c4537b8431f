import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExitStatus, ProcessSummary } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';
import { reap } from '../../platform/children.ts';
import { elapsed } from '../../platform/clock.ts';
import { release } from '../../platform/pages.ts';
import { startTimeOf } from '../../platform/peer.ts';
import { killTree } from '../../platform/sweep.ts';
import {
  below,
  type Identity,
  identityOf,
  membersOf,
  signal,
  signalAll,
} from '../../platform/tree.ts';
import { type Child, type ChildOptions, startChild } from './child.ts';
import { OutputLog, type StreamName } from './output.ts';

const runningLimit = 256;
const finishedLimit = 256;
/** Milliseconds between SIGTERM and SIGKILL: for one command, and for all at the end of the session. */
const killGrace = 2_000;
const endGrace = 500;
/** Looks for what is left of a command that was killed, and milliseconds between them. */
const [killLooks, lookInterval] = [10, 20];
/** Processes that have this grace, and that may begin in it: a tree that keeps forking has none. */
const endLimit = { processes: 256, forks: 32 };
/** Milliseconds for what is killed: the watchdog goes on with what is left then. */
const endPatience = 1_000;

/** Makes raw bytes safe; the only thing that ever sees them. */
export interface Filter {
  write(bytes: Buffer): void;
  end(): void;
}

export interface ProcessOptions extends Omit<ChildOptions, 'onData' | 'onExit'> {
  /** As it is shown by `list`: already redacted. */
  readonly command: string;
  readonly filter: (
    mode: 'pipe' | 'tty',
    emit: (safe: Buffer) => void,
    onHit: () => void,
  ) => Filter;
}

/** A command of the session; all that it shows is redacted. */
export class ManagedProcess {
  readonly id = randomBytes(8).toString('hex');
  readonly log = new OutputLog();
  readonly startedAt = new Date();
  readonly command: string;
  readonly tty: boolean;
  /** Resolves when it has ended and its output was read to the end. */
  readonly exited: Promise<ExitStatus>;
  /** Resolves when the session has forgotten it. */
  readonly released: Promise<void>;
  status: ExitStatus | undefined;
  /** Values replaced in its output so far. */
  redactions = 0;
  /** As it began; undefined where it had ended before anybody could look. */
  readonly leader: Identity | undefined;
  readonly #child: Child;
  readonly #filters = new Map<StreamName, Filter>();
  readonly #options: ProcessOptions;
  #release: () => void = () => undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.command = options.command;
    this.tty = options.tty !== undefined;
    let end: (status: ExitStatus) => void = () => undefined;
    this.exited = new Promise((resolve) => {
      end = resolve;
    });
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
    this.#child = startChild({
      ...options,
      onData: (stream, bytes) => this.#filter(stream).write(bytes),
      onExit: (exitCode, name) => {
        this.#flush();
        this.status = { exitCode, signal: name };
        this.log.finish();
        end(this.status);
      },
    });
    this.leader = identityOf(this.#child.pid);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Whether the number of its process is its own, also when it has ended: no later one has it. */
  get leads(): boolean {
    const start = startTimeOf(this.pid);
    return start === undefined || start === this.leader?.start;
  }

  /** Where its output goes: whatever writes there is redacted. */
  get outlets(): readonly string[] {
    return this.#child.outlets;
  }

  /** Output of what it left running comes after the end, through a fresh filter. */
  #filter(stream: StreamName): Filter {
    const known = this.#filters.get(stream);
    if (known !== undefined) return known;
    const mode = stream === 'tty' ? 'tty' : 'pipe';
    const made = this.#options.filter(
      mode,
      (safe) => this.log.append(stream, safe),
      () => {
        this.redactions += 1;
      },
    );
    this.#filters.set(stream, made);
    return made;
  }

  #flush(): void {
    for (const filter of this.#filters.values()) filter.end();
    this.#filters.clear();
  }

  write(bytes: Buffer): Promise<void> {
    return this.#child.write(bytes);
  }

  closeStdin(): void {
    this.#child.closeStdin();
  }

  resize(columns: number, rows: number): void {
    this.#child.resize(columns, rows);
  }

  pause(): void {
    this.#child.pause();
  }

  resume(): void {
    this.#child.resume();
  }

  /** Signals the whole tree; what is left of it a grace after SIGTERM is killed. */
  kill(name = 'SIGTERM'): void {
    if (!(name in constants.signals)) {
      throw new SynscError('INVALID_PARAMS', 'signal: no such signal', { field: 'signal' });
    }
    const known = name as NodeJS.Signals;
    // the parent comes first: a shell that sees its child end would go on with its text
    const members = this.#members();
    signalAll(members, known);
    if (known === 'SIGKILL') setTimeout(() => this.#killRest(), lookInterval).unref();
    if (known !== 'SIGTERM') return;
    setTimeout(() => {
      signalAll(members, 'SIGKILL');
      this.#killRest();
    }, killGrace).unref();
  }

  #members(): Identity[] {
    return this.leader === undefined ? [] : membersOf(this.leader);
  }

  /** What was just being started when the others were looked up shows a little later. */
  #killRest(looks = killLooks): void {
    const left = this.#members();
    signalAll(left, 'SIGKILL');
    if (left.length === 0 || looks === 1) return;
    setTimeout(() => this.#killRest(looks - 1), lookInterval).unref();
  }

  close(): void {
    this.#flush();
    this.#child.close();
    this.log.clear();
    this.#release();
  }

  summary(): ProcessSummary {
    return {
      processId: this.id,
      pid: this.pid,
      command: this.command,
      tty: this.tty,
      startedAt: this.startedAt.toISOString(),
      exitCode: this.status?.exitCode ?? null,
      signal: this.status?.signal ?? null,
    };
  }
}

/** The commands of one session, and the end of all that they started. */
export class ProcessTable {
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #spared = new Set<number>();
  #front: ManagedProcess | undefined;
  #closed = false;

  /** Throws LIMIT at 256 running commands, SESSION_ENDING after the end began. Its values are released. */
  start(options: ProcessOptions): ManagedProcess {
    try {
      return this.#started(options);
    } finally {
      release(options.values);
    }
  }

  #started(options: ProcessOptions): ManagedProcess {
    if (this.#closed) throw new SynscError('SESSION_ENDING', 'the session ends');
    const running = [...this.#processes.values()].filter(({ status }) => status === undefined);
    if (running.length >= runningLimit) {
      throw new SynscError('LIMIT', `${runningLimit} commands are running already`);
    }
    const started = new ManagedProcess(options);
    this.#processes.set(started.id, started);
    void started.exited.then(() => this.#forgetOldest());
    return started;
  }

  /**
   * Starts the session's own command, which nobody on the socket can list, write to or kill: an agent
   * must not reach the terminal in which the user answers.
   */
  startFront(options: ProcessOptions): ManagedProcess {
    const front = new ManagedProcess(options);
    this.#front = front;
    return front;
  }

  get front(): ManagedProcess | undefined {
    return this.#front;
  }

  /** A helper of the supervisor itself is not killed here, until it has ended. */
  spare(pid: number): () => void {
    this.#spared.add(pid);
    return () => void this.#spared.delete(pid);
  }

  get(id: string): ManagedProcess {
    const found = this.#processes.get(id);
    if (found === undefined) throw new SynscError('NO_SUCH_PROCESS', 'no process has this id');
    return found;
  }

  all(): ManagedProcess[] {
    return [...this.#processes.values()];
  }

  /** Not of those that have ended: their number is soon another process's. */
  runningPids(): number[] {
    return this.all().flatMap(({ status, pid }) => (status === undefined ? [pid] : []));
  }

  /** What leads to a redactor of this session, as the kernel names it. */
  outlets(): ReadonlySet<string> {
    return new Set([...this.all(), this.#front].flatMap((one) => one?.outlets ?? []));
  }

  release(id: string): void {
    const found = this.get(id);
    this.#processes.delete(id);
    if (found.status === undefined) found.kill('SIGKILL');
    void found.exited.then(() => found.close());
  }

  #forgetOldest(): void {
    const finished = this.all().filter(({ status }) => status !== undefined);
    for (const { id } of finished.slice(0, -finishedLimit)) this.release(id);
  }

  /** Ends everything below this process: SIGTERM, a grace, then SIGKILL. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#askToEnd();
    killTree(process.pid, this.#spared, { within: endPatience, reap });
    for (const one of [...this.all(), this.#front]) one?.close();
    reap();
  }

  /** Waits for what can end by itself, unless it does the contrary. */
  async #askToEnd(): Promise<void> {
    const asked = this.#left();
    if (asked.size > endLimit.processes) return;
    for (const pid of asked) signal(pid, 'SIGTERM');
    const deadline = elapsed() + endGrace;
    for (let left = asked; left.size > 0 && elapsed() < deadline; left = this.#left()) {
      if ([...left].filter((pid) => !asked.has(pid)).length > endLimit.forks) return;
      reap();
      await delay(10);
    }
  }

  /** What runs below this process, as far as it is counted. */
  #left(): Set<number> {
    const found = new Set<number>();
    for (const pid of below(process.pid, this.#spared)) {
      found.add(pid);
      if (found.size > endLimit.processes) break;
    }
    return found;
  }
}
