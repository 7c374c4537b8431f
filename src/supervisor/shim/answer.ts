import { release, secretBuffer } from '../../platform/pages.ts';

const end = Buffer.from('.\n');

/** What a shim is told to become. */
export interface ShimAnswer {
  /** Absolute path of the real program; absent when there is none, or with `relay`. */
  readonly file?: string | undefined;
  /** Words of the command that it becomes instead, where its output leads past the session. */
  readonly relay?: readonly string[] | undefined;
  readonly unset: readonly string[];
  /** Variables that are no secret. */
  readonly set: Readonly<Record<string, string>>;
  /** Words for the person, on standard error. */
  readonly message?: string | undefined;
  /** Exit code, when nothing is to run. */
  readonly exitCode?: number;
  /** `NAME=value` lines of credentials, which become part of the answer: released here. */
  readonly values: Buffer;
}

/**
 * The lines of an answer: e file, r relay word, u variable to remove, s variable to set, m message,
 * x exit code; behind `-` the credentials; `.` last, so that half an answer is none. Undefined when a
 * word holds a line break, which no line can carry: then the program runs without credentials. The
 * receiver releases it.
 */
export function encodeAnswer(answer: ShimAnswer): Buffer | undefined {
  const { file, relay = [], unset, set, message, exitCode, values } = answer;
  const lines = [
    ...(file === undefined ? [] : [`e${file}`]),
    ...relay.map((word) => `r${word}`),
    ...unset.map((name) => `u${name}`),
    ...Object.entries(set).map(([name, value]) => `s${name}=${value}`),
    ...(message === undefined ? [] : [`m${message}`]),
    ...(exitCode === undefined ? [] : [`x${exitCode}`]),
  ];
  try {
    if (lines.some((line) => line.includes('\n'))) return undefined;
    const head = Buffer.from(`${lines.map((line) => `${line}\n`).join('')}-\n`);
    const whole = secretBuffer(head.length + values.length + end.length);
    for (const [part, at] of [
      [head, 0],
      [values, head.length],
      [end, head.length + values.length],
    ] as const) {
      part.copy(whole, at);
    }
    return whole;
  } finally {
    release(values);
  }
}
