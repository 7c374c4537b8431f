import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import type { Decision } from '../../../protocol/session/decision.ts';
import type { AuthorizationParams, SpawnParams } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';
import { decide } from '../policy/decide.ts';
import { childEnvironment, grantedVariables } from '../policy/environment.ts';
import type { ManagedProcess } from '../process/table.ts';
import { sessionEnvironment } from './environment.ts';
import { gatherFacts } from './facts.ts';
import type { Parts } from './parts.ts';
import { requireProgram } from './resolve.ts';
import type { Caller } from './verbs.ts';

export interface Spawned {
  readonly process: ManagedProcess;
  readonly decisions: Decision[];
  /** Names that the user authorised for this call. */
  readonly authorized: readonly string[];
}

type Program = Pick<SpawnParams, 'command' | 'argv' | 'cwd' | 'env'>;

/**
 * The path of one command: facts, decision, environment, start, redaction. Throws COMMAND_NOT_FOUND,
 * NOT_EXECUTABLE, NO_SUCH_DIRECTORY, NOT_AUTHORIZED, LIMIT, SESSION_ENDING; then nothing was started.
 */
export async function spawn(
  params: SpawnParams,
  asker: Caller['asker'],
  parts: Parts,
): Promise<Spawned> {
  const cwd = directoryOf(params, parts);
  const { file, args } = await programOf(params, cwd, parts);
  const authorized = authorizedNames(params, { asker, cwd }, parts);
  const decisions = withAuthorized(await decisionsFor(params, cwd, parts), authorized);
  const given = [...new Set(decisions.flatMap((decision) => decision.given))];
  for (const name of given) parts.used.add(name);

  const process = parts.processes.start({
    file,
    args,
    cwd,
    env: sessionEnvironment(params, given, parts),
    values: parts.vault.lines(grantedVariables(given).set, (one) => parts.files.pathOf(one)),
    stdin: params.background || params.stdin !== undefined ? 'pipe' : 'none',
    tty: params.tty,
    command: parts.redactors.text(displayed(params)),
    filter: (mode, emit, onHit) => parts.redactors.filter(mode, emit, authorized, onHit),
  });
  parts.started();
  if (params.stdin !== undefined) {
    void process.write(Buffer.from(params.stdin));
    process.closeStdin();
  }
  return { process, decisions, authorized };
}

/** The decision that a spawn of the same command in `cwd` rests on. */
export async function decisionsFor(
  program: Program,
  cwd: string,
  parts: Parts,
): Promise<Decision[]> {
  const env = childEnvironment(parts.baseEnv, program);
  const facts = await gatherFacts({ command: program.command, argv: program.argv, cwd, env });
  const decisions = decide(facts, parts.vault.names());
  return decisions.map((one) => redacted(one, (text) => parts.redactors.text(text)));
}

/** A decision repeats words of the command, which may hold a value. */
export function redacted(decision: Decision, redact: (text: string) => string): Decision {
  const { program, argv0, reason } = decision;
  return { ...decision, program: redact(program), argv0: redact(argv0), reason: redact(reason) };
}

/** Absolute; throws NO_SUCH_DIRECTORY. */
export function directoryOf({ cwd }: Pick<Program, 'cwd'>, parts: Parts): string {
  const directory = path.resolve(parts.cwd, cwd ?? '.');
  if (!isDirectory(directory)) {
    throw new SynscError('NO_SUCH_DIRECTORY', 'cwd is not a directory', { field: 'cwd' });
  }
  return directory;
}

function isDirectory(place: string): boolean {
  try {
    accessSync(place, constants.X_OK);
    return statSync(place).isDirectory();
  } catch {
    return false; // missing, forbidden, or no possible path
  }
}

/** One line for people; the caller redacts it. */
export function displayed({
  command,
  argv,
}: Pick<AuthorizationParams, 'command' | 'argv'>): string {
  return (
    command ??
    (argv ?? []).map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word))).join(' ')
  );
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

async function programOf(
  { command, argv, env }: Program,
  cwd: string,
  parts: Parts,
): Promise<{ file: string; args: readonly string[] }> {
  const [name = 'bash', ...args] = argv ?? ['bash', '-c', command ?? ''];
  const searchPath = env?.PATH ?? parts.baseEnv.PATH;
  return { file: await requireProgram(name, searchPath, cwd, parts.redactors.text(name)), args };
}

/** Uses up the user's approval of this very call by this very asker. */
function authorizedNames(
  { authorize, command, argv, env }: SpawnParams,
  { asker, cwd }: { asker: Caller['asker']; cwd: string },
  parts: Parts,
): string[] {
  const names = authorize ?? [];
  if (names.length === 0) return [];
  if (env !== undefined && Object.keys(env).length > 0) {
    // PATH or LD_PRELOAD would make another program of what the user has seen
    throw new SynscError('NOT_AUTHORIZED', 'an authorised call takes no env of its own', {
      hint: 'leave env out of this call',
    });
  }
  if (!parts.grants.take({ asker, command, argv, cwd }, names, Date.now())) {
    throw new SynscError('NOT_AUTHORIZED', 'the user has not authorised this call');
  }
  return [...names];
}

/** The first program is the one that the user saw and approved. */
function withAuthorized(decisions: Decision[], authorized: readonly string[]): Decision[] {
  const [first, ...others] = decisions;
  if (first === undefined || authorized.length === 0) return decisions;
  return [
    {
      ...first,
      given: [...new Set([...first.given, ...authorized])],
      withheld: first.withheld.filter((name) => !authorized.includes(name)),
      rule: 'authorized',
      reason: `authorised by the user for this one call: ${authorized.join(', ')}`,
    },
    ...others,
  ];
}
