import { createRequire } from 'node:module';
import { SynscError } from '../errors.ts';
import { blocking, closeOnExec } from './descriptors.ts';

/** The native half of node-pty: only what opens a terminal. Its stream class loses output tails. */
interface Binding {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
  resize(master: number, columns: number, rows: number): void;
}

export interface Terminal {
  readonly master: number;
  readonly slave: number;
  /** Path such as `/dev/pts/3`. */
  readonly path: string;
  /** Sizes in character cells. */
  resize(columns: number, rows: number): void;
}

/** Opens a pseudoterminal whose ends no other command inherits. Throws UNSUPPORTED without the
 * package, LIMIT when there are too many. */
export function openTerminal(columns: number, rows: number): Terminal {
  const native = load();
  const { master, slave, pty } = opened(() => native.open(columns, rows));
  closeOnExec(master);
  closeOnExec(slave);
  blocking(slave);
  return {
    master,
    slave,
    path: pty,
    resize: (width, height) => native.resize(master, width, height),
  };
}

function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw new SynscError('LIMIT', 'no further terminal can be opened', {
      cause,
      hint: 'wait for running commands to end, or run it without a terminal',
    });
  }
}

function load(): Binding {
  const require = createRequire(import.meta.url);
  try {
    // the binary is a dependency of the package, so it is found from the package's place
    const from = createRequire(require.resolve('@lydell/node-pty'));
    return from(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`);
  } catch (cause) {
    throw new SynscError('UNSUPPORTED', 'the terminal package @lydell/node-pty is missing', {
      cause,
      hint: 'install synsc anew with its packages, or run it on pipes: synsc launch -- COMMAND | cat',
    });
  }
}
