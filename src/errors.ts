import { type ErrorCode, errors } from '../protocol/errors.ts';

/** What is wrong with one field of a request. */
interface Fault {
  readonly field: string;
  readonly message: string;
}

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
