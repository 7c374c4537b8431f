import * as z from 'zod/mini';
import type { SynscClient } from '../../../protocol/client.ts';
import { methods } from '../../../protocol/session/methods.ts';
import { type FinishedSpawn, finishedSpawn } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';

/** What a tool answers: words for a model, and the same as data. */
interface ToolResult {
  readonly text: string;
  readonly data: Record<string, unknown>;
}

interface Tool {
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodMiniObject;
  readonly output: z.ZodMiniType;
  readonly readOnly?: true;
  /** Needs a person at the session's terminal. */
  readonly asksUser?: true;
  run(session: SynscClient, input: unknown): Promise<ToolResult>;
}

const program = {
  command: z.optional(z.string().check(z.minLength(1), z.describe('Shell text, run by bash -c'))),
  argv: z.optional(
    z.array(z.string()).check(z.minLength(1), z.describe('A program and its arguments, instead')),
  ),
  cwd: z.optional(
    z.string().check(z.describe('Where to run it; default: where the session began')),
  ),
};
const running = {
  stdin: z.optional(z.string()),
  timeoutMs: z.optional(z.int().check(z.gte(1), z.lte(2_147_483_647))),
  outputLimitBytes: z.optional(
    z.int().check(z.gte(0), z.describe('Keep the last so many bytes of each output')),
  ),
};
const spawnInput = z.object({ ...program, ...running });
const explainInput = z.object(program);
const authorizedInput = z.object({
  ...program,
  ...running,
  names: z.array(z.string()).check(z.minLength(1), z.describe('Credentials to show, by name')),
  reason: z.optional(
    z.string().check(z.maxLength(500), z.describe('Shown to the user as your words')),
  ),
});

/** Every tool, by name. */
export const tools: Readonly<Record<string, Tool>> = {
  spawn: {
    title: 'Run a command',
    description:
      'Runs a command with just the credentials that it needs (aws gets the AWS keys, git none) and answers its output with every credential redacted. Give command or argv.',
    input: spawnInput,
    output: finishedSpawn,
    async run(session, input) {
      const result = await session.call('spawn', read(spawnInput, input));
      return { text: inWords(result as FinishedSpawn), data: result };
    },
  },
  explain: {
    title: 'Explain what a command would be given',
    description:
      'Says which credentials a command would be given and which not, by which rule, and why. Runs nothing.',
    input: explainInput,
    output: methods.explain.result,
    readOnly: true,
    async run(session, input) {
      const result = await session.call('explain', read(explainInput, input));
      const lines = result.decisions.map(
        ({ program: name, given, withheld, reason }) =>
          `${name}: given ${listed(given)}; withheld ${listed(withheld)}: ${reason}`,
      );
      return { text: lines.join('\n') || 'it runs no program', data: result };
    },
  },
  credentials: {
    title: 'List credentials',
    description: 'Names, providers and masked ends of the credentials of this session; no value.',
    input: z.object({}),
    output: methods.credentials.result,
    readOnly: true,
    async run(session) {
      const result = await session.call('credentials');
      const lines = result.credentials.map(
        ({ name, provider, source, masked }) =>
          `${name} (${provider}, from the ${source}) ${masked}`,
      );
      return { text: lines.join('\n') || 'this session has no credential', data: result };
    },
  },
  spawn_authorized: {
    title: 'Ask the user to show credentials to one command',
    description:
      'Asks the user, in the terminal of the session, to show the named credentials to this one command in the clear, and runs it when they agree. Use it only when the user wants to see a value.',
    input: authorizedInput,
    output: finishedSpawn,
    asksUser: true,
    async run(session, input) {
      const { names, reason, ...call } = read(authorizedInput, input);
      const { command, argv, cwd } = call;
      const question = { command, argv, cwd, names, reason };
      const { status } = await session.call('authorization.request', question);
      if (status !== 'approved') {
        throw new SynscError('NOT_AUTHORIZED', `the user did not authorise it: ${status}`);
      }
      const result = await session.call('spawn', { ...call, authorize: names });
      return { text: inWords(result as FinishedSpawn), data: result };
    },
  },
};

/** The arguments of a call; the session itself checks what depends on more than one of them. */
function read<T>(schema: z.ZodMiniType<T>, input: unknown): T {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join('.') || 'arguments';
  throw new SynscError('INVALID_PARAMS', `${field}: has the wrong form`, {
    field,
    hint: 'tools/list has the schema of the arguments',
  });
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'nothing';
}

function inWords({
  exitCode,
  signal,
  stdout,
  stderr,
  truncated,
  decisions,
}: FinishedSpawn): string {
  const withheld = decisions.filter((one) => one.withheld.length > 0 && one.given.length === 0);
  const notes = [
    ...(truncated ? ['[the beginning of the output is missing]'] : []),
    ...(exitCode === 0 ? [] : [`[exit ${signal ?? exitCode}]`]),
    ...(exitCode === 0
      ? []
      : withheld.map(
          (one) => `[${one.withheld.join(', ')} withheld from ${one.program}: ${one.reason}]`,
        )),
  ];
  return [stdout, stderr, ...notes].filter((part) => part !== '').join('\n') || '[no output]';
}
