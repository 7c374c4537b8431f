import type { Entry } from './entry.ts';
import type { PythonUse } from './python.ts';
import type { Words } from './words.ts';

/** Where a program file was found. */
export type Place =
  /** In PATH outside the working directory, in a system directory, or in a Python environment. */
  | 'installed'
  /** In the working directory, or given by a path that nothing vouches for. */
  | 'workspace'
  /** A function of the shell text has this name. */
  | 'function'
  | 'missing';

/** One program and what is known about it. */
export interface ProgramFacts {
  readonly words: Words;
  readonly place: Place;
  /** How Python starts in it; absent for programs that are not about Python. */
  readonly entry?: Entry;
  /** What its Python text uses; absent when there is no text that could be read. */
  readonly use?: PythonUse;
  /** Whether the Trainer of its transformers would log to W&B without being told to. */
  readonly logsByItself?: boolean;
}

/** Everything that the decision about one request rests on. */
export interface Facts {
  /** `lone`: one program that was named by itself and starts no other one. */
  readonly shape: 'lone' | 'compound' | 'opaque';
  /** Also those behind wrappers and in `bash -c`. */
  readonly programs: readonly ProgramFacts[];
  /** Complete environment of the request, before any credential. */
  readonly env: Readonly<Record<string, string>>;
}
