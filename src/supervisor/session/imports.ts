import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { elapsed } from '../../platform/clock.ts';
import { notebookText } from '../policy/notebook.ts';
import { type PythonUse, scanPython } from '../policy/python.ts';

const MAX_FILES = 500;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_MILLISECONDS = 1500;

/** What files were found to use, by their identity and state: a session runs the same ones again. */
const scanned = new Map<string, PythonUse>();
const scannedLimit = 4_000;

/** A file's text and the mark of its state. */
interface Source {
  readonly text: string;
  readonly mark?: string;
}

/** Reads within limits; what lies beyond them counts as not there, so it only ever finds less. */
export class ImportReader {
  readonly #cwd: string;
  readonly #deadline = elapsed() + MAX_MILLISECONDS;
  #bytes = 0;
  #files = 0;
  #truncated = false;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** What a script and the local modules that it imports use; undefined when it can't be read. */
  async script(file: string): Promise<PythonUse | undefined> {
    const source = await this.#read(file);
    if (source === undefined) return undefined;
    const text = file.endsWith('.ipynb') ? notebookText(source.text) : source.text;
    return text === undefined ? undefined : this.#follow({ ...source, text }, file);
  }

  /** The same for a program text that stands in no file. */
  async text(text: string): Promise<PythonUse> {
    return this.#follow({ text }, path.join(this.#cwd, '-'));
  }

  /** The file that `python -m NAME` runs, if it lies under the working directory. */
  async module(name: string): Promise<PythonUse | undefined> {
    if (!/^[\w.]+$/.test(name) || name.includes('..')) return undefined;
    const stem = path.join(this.#cwd, ...name.split('.'));
    return (await this.script(path.join(stem, '__main__.py'))) ?? this.script(`${stem}.py`);
  }

  async #follow(first: Source, main: string): Promise<PythonUse> {
    const roots = [path.dirname(main), this.#cwd, path.join(this.#cwd, 'src')];
    const queue = [{ source: first, file: main }];
    const seen = new Set([main]);
    const found: PythonUse[] = [];
    for (let next = queue.shift(); next && this.#timeLeft(); next = queue.shift()) {
      const use = useOf(next.source);
      found.push(use);
      for (const file of use.imports.flatMap((name) => candidates(name, next.file, roots))) {
        if (seen.has(file)) continue;
        seen.add(file);
        const source = await this.#read(file);
        if (source !== undefined) queue.push({ source, file });
      }
    }
    return {
      imports: [...new Set(found.flatMap((use) => use.imports))],
      names: [...new Set(found.flatMap((use) => use.names))],
      reporters: [...new Set(found.flatMap((use) => use.reporters))],
      ...(this.#truncated && { truncated: true as const }),
    };
  }

  #timeLeft(): boolean {
    return elapsed() < this.#deadline;
  }

  async #read(file: string): Promise<Source | undefined> {
    if (this.#files >= MAX_FILES || !this.#timeLeft()) {
      this.#truncated = true;
      return undefined;
    }
    const read = await readRegular(file, MAX_BYTES - this.#bytes);
    if (read === 'too-long') this.#truncated = true;
    if (read === undefined || read === 'too-long') return undefined;
    this.#files += 1;
    this.#bytes += Buffer.byteLength(read.text);
    return read;
  }
}

/** Files that an import may mean: the module or package itself. Relative ones start at `from`. */
function candidates(name: string, from: string, roots: readonly string[]): readonly string[] {
  const dots = /^\.*/.exec(name)?.[0].length ?? 0;
  const parts = name.slice(dots).split('.');
  const up = Array.from({ length: dots - 1 }, () => '..');
  const starts = dots > 0 ? [path.join(path.dirname(from), ...up)] : roots;
  return starts.flatMap((start) => {
    const stem = path.join(start, ...parts);
    const packages = parts.map((_, index) =>
      path.join(start, ...parts.slice(0, index + 1), '__init__.py'),
    );
    return [...packages, ...(parts[0] === '' ? [] : [`${stem}.py`])];
  });
}

function useOf({ text, mark }: Source): PythonUse {
  const known = mark === undefined ? undefined : scanned.get(mark);
  if (known !== undefined) return known;
  const use = scanPython(text);
  if (mark !== undefined) {
    if (scanned.size >= scannedLimit) scanned.clear();
    scanned.set(mark, use);
  }
  return use;
}

/**
 * Text of a regular file of at most `limit` bytes; never waits for a FIFO or a device. What /dev and
 * /proc name is another thing for the program than for this process.
 */
async function readRegular(file: string, limit: number): Promise<Source | 'too-long' | undefined> {
  if (/^\/(dev|proc)\//.test(file)) return undefined;
  let handle: FileHandle | undefined;
  try {
    // O_NONBLOCK: opening a FIFO would otherwise wait for its writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const info = await handle.stat({ bigint: true });
    if (!info.isFile()) return undefined;
    if (info.size > limit) return 'too-long';
    const mark = `${info.dev} ${info.ino} ${info.size} ${info.mtimeNs}`;
    return { text: await handle.readFile('utf8'), mark };
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

/** The interpreter that the first line of an executable file names (execve(2)), if that is a Python. */
export async function pythonOf(file: string): Promise<string | undefined> {
  const read = await readRegular(file, MAX_BYTES);
  if (read === undefined || read === 'too-long') return undefined;
  return /^#! *(?:\/usr\/bin\/env +(?:-S +)?)?(\S*\bpython[\d.]*)(?: |\n|\r|$)/.exec(
    read.text,
  )?.[1];
}
