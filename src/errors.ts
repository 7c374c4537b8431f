import { type ErrorCode, errors } from '../protocol/errors.ts';

/** What is wrong with one field of a request. */
interface Fault {
  readonly field: string;
  readonly message: string;
}

/** What to do when the operating system refuses (errno(3)). */
const refusals: Readonly<Record<string, string>> = {
  EMFILE: 'raise the limit of open files: `ulimit -n`',
  ENFILE: 'this machine has too many open files: end some programs',
  EAGAIN: 'end some programs, or raise the limit of processes: `ulimit -u`',
  ENOMEM: 'this machine has too little free memory: end some programs',
  ENOSPC: 'free some space there',
  EDQUOT: 'free some space there: your quota is used up',
  EFBIG: 'raise the limit of file sizes: `ulimit -f`',
  EROFS: 'that file system is read-only: name another place',
  EACCES: 'check who owns it and its permissions',
  EPERM: 'check who owns it and its permissions',
  EIO: 'check that disk or terminal',
  EBADF: 'check where the output is redirected to',
};

/**
 * The one error type. The message is lower case, without a full stop, and never holds a value that
 * came from the vault, a header or a child's output.
 */
export class SynscError extends Error {
  override readonly name = 'SynscError';
  readonly code: ErrorCode;
  readonly hint: string;
  /** Field of the request that is wrong, where there is one. */
  readonly field: string | undefined;
  /** Every field that is wrong, where there are several to tell. */
  readonly faults: readonly Fault[];
  /** Seconds after which it is worth another try. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      hint?: string;
      field?: string;
      faults?: readonly Fault[];
      retryAfter?: number;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? errors[code].hint;
    this.field = options.field ?? options.faults?.[0]?.field;
    this.faults = options.faults ?? [];
    this.retryAfter = options.retryAfter ?? (errors[code].http === 429 ? 60 : undefined);
  }

  get exitCode(): number {
    return errors[this.code].exit;
  }
}

/** What has its place in the table: ours, or a refusal of the operating system; undefined for any other. */
export function knownError(error: unknown): SynscError | undefined {
  return error instanceof SynscError ? error : refusalOf(error);
}

/** Of a refusal of the operating system, which is no bug of ours; undefined for any other error. */
export function refusalOf(error: unknown): SynscError | undefined {
  const hint = refusals[codeOf(error)];
  if (!(error instanceof Error) || hint === undefined) return undefined;
  return new SynscError('SYSTEM', error.message, { cause: error, hint });
}

/** The word that the operating system, Node or a database has for a failure; '' where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
