import { randomBytes } from 'node:crypto';
import type { Decision } from '../../../protocol/session/decision.ts';
import { parentOf, sessionOf } from '../../platform/peer.ts';
import type { ShellText } from '../policy/words.ts';
import type { ManagedProcess } from '../process/table.ts';

/** What the session knows about one command that it started. */
export interface Command {
  readonly process: ManagedProcess;
  /** What its programs must hold to ask at their start; undefined: they may not. */
  readonly capability: string | undefined;
  /** Names that the user authorised for this one call. */
  readonly authorized: readonly string[];
  /** Where programs were looked for when it began, without the shims. */
  readonly searchPath: string;
  /** It is the session's own command. */
  readonly isFront?: true;
  /** Its own shell text. */
  readonly text?: ShellText | undefined;
  /** The command that it was started from, where it runs a program of another one. */
  readonly outer?: Command | undefined;
}

/** Decisions that are kept of one command: a loop may start any number of programs. */
const keptDecisions = 1_000;

interface Entry {
  readonly command: Command;
  decisions: Decision[];
  /** How many of the first decisions were only foreseen. */
  readonly foreseen: Set<Decision>;
  readonly listeners: Set<(decision: Decision) => void>;
}

/** The commands of a session, and what was decided on the programs that they start. */
export class Commands {
  readonly #entries = new Map<ManagedProcess, Entry>();

  /** `foreseen`: what its text says that it will run. */
  add(command: Command, foreseen: readonly Decision[], lone: boolean): void {
    this.#entries.set(command.process, {
      command,
      decisions: [...foreseen],
      foreseen: new Set(lone ? [] : foreseen),
      listeners: new Set(),
    });
    void command.process.released.then(() => this.#entries.delete(command.process));
  }

  /** A program has started: its decision takes the place of the one that was foreseen. */
  decided(command: Command, decision: Decision): void {
    const entry = this.#entries.get(command.process);
    if (entry !== undefined) put(entry, decision);
    if (command.outer !== undefined) this.decided(command.outer, decision);
  }

  decisions(process: ManagedProcess): Decision[] {
    return [...(this.#entries.get(process)?.decisions ?? [])];
  }

  /** Calls back for each program that the command starts. */
  listen(process: ManagedProcess, hear: (decision: Decision) => void): void {
    this.#entries.get(process)?.listeners.add(hear);
  }

  /**
   * The command that a process belongs to: by its ancestors, or by the session of processes that it
   * stayed in when those had ended.
   */
  of(pid: number): Command | undefined {
    const all = [...this.#entries.values()].map(({ command }) => command);
    const byPid = new Map(all.map((command) => [command.process.pid, command]));
    for (const ancestor of ancestorsOf(pid)) {
      const found = byPid.get(ancestor);
      if (found !== undefined && found.process.status === undefined) return found;
    }
    const found = byPid.get(sessionOf(pid) ?? 0);
    return found?.process.leads ? found : undefined;
  }
}

function put(entry: Entry, decision: Decision): void {
  const at = entry.decisions.findIndex(
    (one) => entry.foreseen.has(one) && one.program === decision.program,
  );
  const [before] = at < 0 ? [] : entry.decisions.splice(at, 1, decision);
  if (before !== undefined) entry.foreseen.delete(before);
  else if (entry.decisions.length < keptDecisions) entry.decisions.push(decision);
  for (const hear of entry.listeners) hear(decision);
}

/** The process itself and those above it, up to this one. */
export function* ancestorsOf(pid: number): Generator<number> {
  let next: number | undefined = pid;
  for (let depth = 0; next !== undefined && next > 1 && depth < 1_000; depth += 1) {
    if (next === process.pid) return;
    yield next;
    next = parentOf(next);
  }
}

export function newCapability(): string {
  return randomBytes(16).toString('hex');
}
