import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesIn, markOf, readSmall } from '../../platform/files.ts';
import { startTimeOf } from '../../platform/peer.ts';
import { catalog, variableOf } from '../../provider/catalog.ts';
import { type Approver, nobody } from '../authorization/approver.ts';
import type { Redactors } from './redactors.ts';

/** A larger file is no tool's token store. */
const sizeLimit = 4 * 1024 * 1024;
/** Milliseconds between two looks whether a program that was given something has ended. */
const lookInterval = 300;

type Environment = Readonly<Record<string, string | undefined>>;

/** The stores of some providers, as they are. */
export interface StoreMarks {
  readonly places: readonly string[];
  readonly marks: ReadonlyMap<string, string>;
}

/** One program that was given credentials. */
interface Watched {
  readonly pid: number;
  readonly start: number | undefined;
  readonly program: string;
  readonly before: StoreMarks;
}

/**
 * Tools keep tokens in files of their own. Compares those before and after each program that was given
 * a credential; where one changed and holds a value of the session, the user is told and can have it
 * taken out.
 */
export class Stores {
  readonly #redactors: Redactors;
  readonly #approver: Approver;
  readonly #watched = new Set<Watched>();
  /** Files that were told: once each, as they are. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(redactors: Redactors, approver: Approver) {
    this.#redactors = redactors;
    this.#approver = approver;
  }

  /** How the stores are before a program begins that gets these names. */
  before(given: readonly string[], env: Environment): StoreMarks {
    const places = placesOf(given, env);
    return { places, marks: marks(places) };
  }

  /** Compares with `before` when the process has ended. */
  watch(pid: number, program: string, before: StoreMarks): void {
    if (before.places.length === 0) return;
    this.#watched.add({ pid, start: startTimeOf(pid), program, before });
    this.#timer ??= setInterval(() => this.#look(), lookInterval).unref();
  }

  #look(): void {
    for (const one of this.#watched) {
      if (startTimeOf(one.pid) === one.start) continue;
      this.#watched.delete(one);
      void this.#compare(one, this.#approver);
    }
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** At the end of the session, while its values are still known; nobody is asked any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const one of this.#watched) await this.#compare(one, nobody);
    this.#watched.clear();
  }

  async #compare({ program, before }: Watched, approver: Approver): Promise<void> {
    for (const [file, mark] of marks(before.places)) {
      if (before.marks.get(file) === mark || this.#told.get(file) === mark) continue;
      const bytes = readSmall(file, sizeLimit);
      if (bytes === undefined || !this.#redactors.finds(bytes)) continue;
      this.#told.set(file, mark);
      await this.#offer(program, file, approver);
    }
  }

  async #offer(program: string, file: string, approver: Approver): Promise<void> {
    const offer = {
      message: `${program} wrote a credential of this session to ${file}`,
      question: 'Take it out of that file?',
      byHand: 'remove it from that file: the dashboard is the place where credentials stay',
    };
    if (!(await approver.offer(offer))) return;
    try {
      this.#takeOut(file);
    } catch {
      await nobody.offer({ ...offer, message: `${file} could not be changed` });
    }
  }

  /** Lines that hold a value go; a file of nothing else, or that is no text, goes as a whole. */
  #takeOut(file: string): void {
    const bytes = readSmall(file, sizeLimit);
    if (bytes === undefined) return;
    const lines = bytes.toString('latin1').split('\n');
    const kept = lines.filter((line) => !this.#redactors.finds(Buffer.from(line, 'latin1')));
    const rest = Buffer.from(kept.join('\n'), 'latin1');
    const isText = !bytes.includes(0) && !this.#redactors.finds(rest);
    if (isText && rest.toString('latin1').trim() !== '') writeFileSync(file, rest);
    else rmSync(file, { force: true });
  }
}

function placesOf(given: readonly string[], env: Environment): string[] {
  const providers = new Set(given.map((name) => variableOf(name)?.provider));
  const templates = catalog.flatMap((one) => (providers.has(one) ? one.stores : []));
  return [...new Set(templates.flatMap((template) => placeOf(template, env) ?? []))];
}

/** `~/x`, `$NAME` or `$NAME/x`; undefined where the variable is not set. */
function placeOf(template: string, env: Environment): string | undefined {
  const [, name, rest = ''] = /^\$(\w+)(.*)$/.exec(template) ?? [];
  const base = name === undefined ? env.HOME : env[name];
  if (!base || !path.isAbsolute(base)) return undefined;
  return name === undefined ? template.replace('~', base) : `${base}${rest}`;
}

function marks(places: readonly string[]): Map<string, string> {
  const files = places.flatMap((place) => (place.endsWith('/') ? filesIn(place) : [place]));
  return new Map(
    files.flatMap((file) => {
      const mark = markOf(file);
      return mark === undefined ? [] : [[file, mark] as const];
    }),
  );
}
