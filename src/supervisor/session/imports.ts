import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { notebookText } from '../policy/notebook.ts';
import { type PythonUse, scanPython } from '../policy/python.ts';

const MAX_FILES = 500;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_MILLISECONDS = 1500;

/** Reads within limits; what lies beyond them counts as not there, so it only ever finds less. */
export class ImportReader {
  readonly #cwd: string;
  readonly #deadline = performance.now() + MAX_MILLISECONDS;
  #bytes = 0;
  #files = 0;

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  /** What a script and the local modules that it imports use; undefined when it can't be read. */
  async script(file: string): Promise<PythonUse | undefined> {
    const read = await this.#read(file);
    const text = file.endsWith('.ipynb') ? read && notebookText(read) : read;
    return text === undefined ? undefined : this.#follow(text, file);
  }

  /** The same for a program text that stands in no file. */
  async text(text: string): Promise<PythonUse> {
    return this.#follow(text, path.join(this.#cwd, '-'));
  }

  /** The file that `python -m NAME` runs, if it lies under the working directory. */
  async module(name: string): Promise<PythonUse | undefined> {
    if (!/^[\w.]+$/.test(name) || name.includes('..')) return undefined;
    const stem = path.join(this.#cwd, ...name.split('.'));
    return (await this.script(path.join(stem, '__main__.py'))) ?? this.script(`${stem}.py`);
  }

  async #follow(first: string, main: string): Promise<PythonUse> {
    const roots = [path.dirname(main), this.#cwd, path.join(this.#cwd, 'src')];
    const queue = [{ text: first, file: main }];
    const seen = new Set([main]);
    const found: PythonUse[] = [];
    for (let next = queue.shift(); next && this.#timeLeft(); next = queue.shift()) {
      const use = scanPython(next.text);
      found.push(use);
      for (const file of use.imports.flatMap((name) => candidates(name, next.file, roots))) {
        if (seen.has(file)) continue;
        seen.add(file);
        const text = await this.#read(file);
        if (text !== undefined) queue.push({ text, file });
      }
    }
    return {
      imports: [...new Set(found.flatMap((use) => use.imports))],
      names: [...new Set(found.flatMap((use) => use.names))],
      reporters: [...new Set(found.flatMap((use) => use.reporters))],
    };
  }

  #timeLeft(): boolean {
    return performance.now() < this.#deadline;
  }

  async #read(file: string): Promise<string | undefined> {
    if (this.#files >= MAX_FILES || !this.#timeLeft()) return undefined;
    const text = await readRegular(file, MAX_BYTES - this.#bytes);
    if (text === undefined) return undefined;
    this.#files += 1;
    this.#bytes += Buffer.byteLength(text);
    return text;
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

/** Text of a regular file of at most `limit` bytes; never waits for a FIFO or a device. */
async function readRegular(file: string, limit: number): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    // O_NONBLOCK: opening a FIFO would otherwise wait for its writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size } = await handle.stat().then((info) => (info.isFile() ? info : { size: -1 }));
    if (size < 0 || size > limit) return undefined;
    return await handle.readFile('utf8');
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}
