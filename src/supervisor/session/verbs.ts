import type {
  MethodName,
  Notification,
  NotificationName,
  Params,
  Result,
} from '../../../protocol/session/methods.ts';
import type { Role } from '../../../protocol/session/schemas.ts';
import type { Segment } from '../process/output.ts';

export type { Segment } from '../process/output.ts';

/** Who calls a verb, as the kernel attests it, and how to reach it. */
export interface Caller {
  readonly role: Role;
  /** Its process, where the kernel tells. */
  readonly pid?: number | undefined;
  /** The same for two connections of one process, and for no later process with its pid. */
  readonly origin?: string | undefined;
  /** The same for two calls of one connection (HTTP: of one process), and for no other caller. */
  readonly asker: symbol | string;
  /** Aborted when the caller's connection is gone. */
  readonly gone: AbortSignal;
  /**
   * Sends a notification; false asks to stop until `drained` resolves. Absent for callers that can't
   * be notified (HTTP).
   */
  readonly notify?: <N extends NotificationName>(name: N, params: Notification<N>) => boolean;
  /** The same for output, which is much: bytes of whole characters, unless they are sent as base64. */
  readonly notifyOutput?: (processId: string, piece: Segment, base64: boolean) => boolean;
  /** Resolves when the caller has taken what was sent, or is gone. */
  readonly drained?: () => Promise<void>;
  /** The same, where so much waits for the caller that no further answer is made; else undefined. */
  readonly crowded?: () => Promise<void> | undefined;
}

/** Calls back when a caller is gone, now where it is already; the returned function stops that. */
export function whenGone({ gone }: Pick<Caller, 'gone'>, call: () => void): () => void {
  if (gone.aborted) call();
  else gone.addEventListener('abort', call, { once: true });
  return () => gone.removeEventListener('abort', call);
}

/** The verbs of a session: one for each method of the socket, with parameters already validated. */
export type Verbs = {
  readonly [M in MethodName]: (params: Params<M>, caller: Caller) => Promise<Result<M>> | Result<M>;
};
