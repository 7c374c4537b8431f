import * as z from 'zod/mini';
import { providerIds } from '../credential.ts';
import { decision } from './decision.ts';

const text = z.string().check(z.refine((value) => !value.includes('\0'), 'holds a NUL byte'));
const name = z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/));
const size = z.int().check(z.gte(1), z.lte(10_000));

export const processId = z.string().check(z.maxLength(64));
export const byProcess = z.object({ processId });
export const nothing = z.object({});

/** What is run: `command` by `bash -c`, or `argv` directly; exactly one of them. */
const program = {
  command: z.optional(text.check(z.minLength(1))),
  argv: z.optional(z.array(text).check(z.minLength(1))),
  /** Absolute, or relative to the directory that the session was launched in (the default). */
  cwd: z.optional(text),
};
const oneProgram = z.refine<{ command?: string | undefined; argv?: string[] | undefined }>(
  ({ command, argv }) => (command === undefined) !== (argv === undefined),
  { message: 'give either command or argv', path: ['command'] },
);
/** Added to the environment of the command; provider variables in it are ignored. */
const env = z.optional(z.record(name, text));
const encoding = z.optional(z.enum(['utf8', 'base64']));

export const spawnParams = z
  .object({
    ...program,
    env,
    /** Written to the command's standard input, which is then closed. */
    stdin: z.optional(z.string()),
    /** Runs it in a terminal of this size, in character cells. */
    tty: z.optional(z.object({ columns: size, rows: size })),
    /** Answer at once, output by notifications or `output`. */
    background: z.optional(z.boolean()),
    /** No output notifications: it waits for the caller to open its stream (protocol/README.md). */
    stream: z.optional(z.boolean()),
    /** A background process ends when the connection that started it is gone. */
    endWithCaller: z.optional(z.boolean()),
    /** Kill the whole tree after so many milliseconds. */
    timeoutMs: z.optional(z.int().check(z.gte(1), z.lte(2_147_483_647))),
    /** Keep only the last so many bytes of each stream in the result. */
    outputLimitBytes: z.optional(z.int().check(z.gte(0))),
    /** Credentials that the user allowed for this one call (`authorization.request`). */
    authorize: z.optional(z.array(name)),
    encoding,
  })
  .check(oneProgram);
export type SpawnParams = z.infer<typeof spawnParams>;

export const exitStatus = z.object({
  /** null when a signal ended it. */
  exitCode: z.nullable(z.number()),
  /** Name such as `SIGTERM`, of real-time signals such as `SIGRTMIN+1`; or null. */
  signal: z.nullable(z.string()),
});
export type ExitStatus = z.infer<typeof exitStatus>;

export const startedSpawn = z.object({ processId, pid: z.number(), decisions: z.array(decision) });
export const relayParams = z.object({
  /** The tool then runs in a terminal of this size, in character cells. */
  tty: z.optional(z.object({ columns: size, rows: size })),
  stream: z.optional(z.boolean()),
  encoding,
});

export const finishedSpawn = z.object({
  processId,
  ...exitStatus.shape,
  stdout: z.string(),
  stderr: z.string(),
  /** Whether `outputLimitBytes` (or the 2 MiB that are kept) cut the beginning off. */
  truncated: z.boolean(),
  /** How many values were replaced by `[REDACTED]`. */
  redactions: z.number(),
  decisions: z.array(decision),
});
export const spawnResult = z.union([finishedSpawn, startedSpawn]);
export type FinishedSpawn = z.infer<typeof finishedSpawn>;
export type StartedSpawn = {
  processId: string;
  pid: number;
  decisions: z.infer<typeof decision>[];
};

export const writeParams = z.object({ processId, data: z.string(), encoding });
export const resizeParams = z.object({ processId, columns: size, rows: size });
export const killParams = z.object({
  processId,
  /** Default SIGTERM, followed by SIGKILL after two seconds. */
  signal: z.optional(z.string().check(z.regex(/^SIG[A-Z0-9]{2,8}$/))),
});
const offset = z.int().check(z.gte(0));
export const outputParams = z.object({
  processId,
  /** Bytes since the start of the redacted output; default 0. */
  fromOffset: z.optional(offset),
  maxBytes: z.optional(z.int().check(z.gte(1))),
  encoding,
});
export const outputResult = z.object({
  data: z.string(),
  /** Where the next call goes on. */
  offset,
  /** The process has ended and all that it wrote was read. */
  eof: z.boolean(),
});
export const attachParams = z.object({ processId, fromOffset: z.optional(offset), encoding });
export const ackParams = z.object({ processId, offset });

export const explainParams = z.object({ ...program, env }).check(oneProgram);
export type ExplainParams = z.infer<typeof explainParams>;

export const authorizationParams = z
  .object({
    ...program,
    names: z.array(name).check(z.minLength(1)),
    /** Shown to the user, marked as the asker's words. */
    reason: z.optional(text.check(z.maxLength(500))),
  })
  .check(oneProgram);
export type AuthorizationParams = z.infer<typeof authorizationParams>;
export const authorizationResult = z.object({
  status: z.enum(['approved', 'denied', 'expired', 'unavailable']),
  authorizationId: z.optional(z.string()),
});
export type AuthorizationResult = z.infer<typeof authorizationResult>;

export const credential = z.object({
  name: z.string(),
  provider: z.enum(providerIds),
  source: z.enum(['dashboard', 'environment']),
  masked: z.string(),
  version: z.number(),
});

export const processSummary = z.object({
  processId,
  pid: z.number(),
  /** As it was asked for, with every credential value redacted. */
  command: z.string(),
  tty: z.boolean(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  ...exitStatus.shape,
});
export type ProcessSummary = z.infer<typeof processSummary>;

export const roles = ['owner', 'client', 'subprocess', 'outside'] as const;
export type Role = (typeof roles)[number];
