import * as z from 'zod/mini';
import type { ErrorCode } from '../errors.ts';
import { auditEntry } from './auditEntry.ts';
import { decision } from './decision.ts';
import {
  ackParams,
  attachParams,
  authorizationParams,
  authorizationResult,
  byProcess,
  credential,
  exitStatus,
  explainParams,
  killParams,
  nothing,
  outputParams,
  outputResult,
  processId,
  processSummary,
  type Role,
  relayParams,
  resizeParams,
  roles,
  spawnParams,
  spawnResult,
  startedSpawn,
  writeParams,
} from './schemas.ts';

interface Method {
  readonly summary: string;
  readonly params: z.ZodMiniType;
  readonly result: z.ZodMiniType;
  readonly roles: readonly Role[];
  readonly errors: readonly ErrorCode[];
}

const anyone: readonly Role[] = roles;
const clients: readonly Role[] = ['owner', 'client'];
/** A subprocess only for the tool that its shim was told to run under the session. */
const clientsAndRelays: readonly Role[] = [...clients, 'subprocess'];
const spawning: readonly ErrorCode[] = [
  'NOT_AUTHORIZED',
  'COMMAND_NOT_FOUND',
  'NOT_EXECUTABLE',
  'NO_SUCH_DIRECTORY',
  'LIMIT',
  'SESSION_ENDING',
];
const credentials = z.object({ credentials: z.array(credential) });
/** When the dashboard's values came (ISO 8601, null: never), and why the last try to sync failed. */
const synced = z.object({ at: z.nullable(z.string()), error: z.optional(z.string()) });

/** Every method of the session's socket: what it takes and gives, who may call it, how it can fail. */
export const methods = {
  ping: {
    summary: 'Says which session this is and what the caller may do in it',
    params: nothing,
    result: z.object({
      sessionId: z.string(),
      protocolVersion: z.number(),
      role: z.enum(roles),
    }),
    roles: anyone,
    errors: [],
  },
  'rpc.discover': {
    summary: 'The OpenRPC document of this socket',
    params: nothing,
    result: z.record(z.string(), z.unknown()),
    roles: clients,
    errors: [],
  },
  spawn: {
    summary: 'Runs a command with the credentials that it needs and redacts its output',
    params: spawnParams,
    result: spawnResult,
    roles: clients,
    errors: spawning,
  },
  relay: {
    summary:
      'Runs the tool that the shim of the calling process was told to run under the session; for `synsc relay` alone',
    params: relayParams,
    result: startedSpawn,
    roles: clientsAndRelays,
    errors: ['DENIED', 'LIMIT', 'SESSION_ENDING'],
  },
  write: {
    summary: "Writes to a process's standard input",
    params: writeParams,
    result: nothing,
    roles: clientsAndRelays,
    errors: ['NO_SUCH_PROCESS', 'DENIED'],
  },
  closeStdin: {
    summary: "Closes a process's standard input",
    params: byProcess,
    result: nothing,
    roles: clientsAndRelays,
    errors: ['NO_SUCH_PROCESS', 'DENIED'],
  },
  resize: {
    summary: 'Tells a process in a terminal that the terminal has another size',
    params: resizeParams,
    result: nothing,
    roles: clientsAndRelays,
    errors: ['NO_SUCH_PROCESS', 'DENIED'],
  },
  kill: {
    summary: 'Signals a process and everything that it started',
    params: killParams,
    result: nothing,
    roles: clientsAndRelays,
    errors: ['NO_SUCH_PROCESS'],
  },
  wait: {
    summary: 'Answers when the process has ended',
    params: byProcess,
    result: exitStatus,
    roles: clients,
    errors: ['NO_SUCH_PROCESS'],
  },
  attach: {
    summary: 'Sends output notifications from an offset on',
    params: attachParams,
    result: z.object({ offset: z.number() }),
    roles: clients,
    errors: ['NO_SUCH_PROCESS', 'DENIED'],
  },
  detach: {
    summary: 'Ends the notifications that attach began',
    params: byProcess,
    result: nothing,
    roles: clients,
    errors: ['NO_SUCH_PROCESS'],
  },
  ack: {
    summary: 'Says how far the output was read, in bytes since its start',
    params: ackParams,
    result: nothing,
    roles: clients,
    errors: ['NO_SUCH_PROCESS'],
  },
  output: {
    summary: 'Reads output from an offset on, for clients without notifications',
    params: outputParams,
    result: outputResult,
    roles: clients,
    errors: ['NO_SUCH_PROCESS', 'DENIED'],
  },
  list: {
    summary: 'The processes of this session',
    params: nothing,
    result: z.object({ processes: z.array(processSummary) }),
    roles: clients,
    errors: [],
  },
  release: {
    summary: 'Forgets a process; kills it first when it still runs',
    params: byProcess,
    result: nothing,
    roles: clients,
    errors: ['NO_SUCH_PROCESS'],
  },
  explain: {
    summary: 'What a command would be given and why; runs nothing',
    params: explainParams,
    result: z.object({ decisions: z.array(decision) }),
    roles: clients,
    errors: ['NO_SUCH_DIRECTORY'],
  },
  credentials: {
    summary: 'The credentials of this session, without their values, and when they came',
    params: nothing,
    result: z.object({ ...credentials.shape, synced }),
    roles: clients,
    errors: [],
  },
  sync: {
    summary:
      'Fetches the latest credentials from the dashboard; processes outside the session may only trigger it',
    params: nothing,
    result: z.object({ credentials: z.array(credential), changed: z.array(z.string()) }),
    roles: ['owner', 'client', 'outside'],
    errors: ['NOT_SIGNED_IN', 'SYNC_FAILED', 'DASHBOARD_UNREACHABLE'],
  },
  'pair.code': {
    summary: 'A one-time code by which a program outside the session becomes a client of it',
    params: nothing,
    result: z.object({
      code: z.string(),
      /** Seconds. */
      expiresIn: z.number(),
    }),
    roles: clients,
    errors: [],
  },
  pair: {
    summary: 'Makes the calling process a client; its code comes from `synsc pair` in the session',
    params: z.object({ code: z.string().check(z.maxLength(20)) }),
    result: z.object({ role: z.enum(roles) }),
    roles: ['outside'],
    errors: ['NOT_AUTHORIZED'],
  },
  audit: {
    summary: 'What happened in the session, as a chain of hashes; names, never values',
    params: z.object({ fromSequence: z.optional(z.int().check(z.gte(0))) }),
    result: z.object({
      /** At most 500; ask again from the next sequence number. */
      entries: z.array(auditEntry),
      /** Hash of the last entry of all. */
      head: z.string(),
    }),
    roles: clients,
    errors: [],
  },
  'authorization.request': {
    summary: 'Asks the user to show credentials to one command; approves nothing itself',
    params: authorizationParams,
    result: authorizationResult,
    roles: clients,
    errors: ['NO_SUCH_DIRECTORY'],
  },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;
export type Params<M extends MethodName> = z.infer<(typeof methods)[M]['params']>;
export type Result<M extends MethodName> = z.infer<(typeof methods)[M]['result']>;

/** What the session sends by itself over a line connection. */
export const notifications = {
  output: {
    summary:
      'Redacted output; offset counts bytes since its start, over all streams of the process',
    params: z.object({
      processId,
      stream: z.enum(['stdout', 'stderr', 'tty']),
      offset: z.number(),
      data: z.string(),
    }),
  },
  exit: {
    summary:
      'The process has ended and all that it wrote was sent; what it left running may still write',
    params: z.object({ processId, ...exitStatus.shape, redactions: z.number() }),
  },
  decision: {
    summary: 'A program that the command started was decided on',
    params: z.object({ processId, decision }),
  },
  'session.ending': {
    summary: 'The session ends; no further request is answered',
    params: z.object({ reason: z.string() }),
  },
} as const;
export type NotificationName = keyof typeof notifications;
export type Notification<N extends NotificationName> = z.infer<(typeof notifications)[N]['params']>;
