import { statSync } from 'node:fs';
import path from 'node:path';
import type { Decision } from '../../../protocol/session/decision.ts';
import type { AuthorizationParams, SpawnParams } from '../../../protocol/session/schemas.ts';
import { SynscError } from '../../errors.ts';
import { now } from '../../platform/clock.ts';
import { mayExecute } from '../../platform/executable.ts';
import { decide } from '../policy/decide.ts';
import { childEnvironment, grantedVariables, settingsOf } from '../policy/environment.ts';
import { rewrite } from '../policy/rewrite.ts';
import { inspect } from '../policy/words.ts';
import type { ManagedProcess } from '../process/table.ts';
import { newCapability } from './commands.ts';
import { sessionEnvironment } from './environment.ts';
import { gatherFacts, shapeOf } from './facts.ts';
import type { Parts } from './parts.ts';
import type { Relay } from './relays.ts';
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
 * The path of one command: facts, decision, environment, start, redaction. A program that is named
 * directly gets what it is given here; what a shell text starts is decided again by its shim. Throws
 * COMMAND_NOT_FOUND, NOT_EXECUTABLE, NO_SUCH_DIRECTORY, NOT_AUTHORIZED, LIMIT, SESSION_ENDING; then
 * nothing was started.
 */
export async function spawn(
  params: SpawnParams,
  asker: Caller['asker'],
  parts: Parts,
): Promise<Spawned> {
  const cwd = directoryOf(params, parts);
  const { file, args } = programOf(params, cwd, parts);
  const authorized = authorizedNames(params, { asker, cwd }, parts);
  const { decisions, direct } = await foreseen(params, cwd, parts);
  const given = [...(direct ? decisions.flatMap((one) => one.given) : []), ...authorized];
  for (const name of given) parts.used.add(name);
  const capability = mayAsk(decisions, direct) ? newCapability() : undefined;
  const told = withAuthorized(decisions, authorized);
  const env = {
    ...sessionEnvironment({ env: params.env, given, capability, authorized }, parts),
    ...settingsOf(given, () => parts.files.own()),
  };
  const stores = parts.stores.before(given, env);

  const process = parts.processes.start({
    file,
    args,
    cwd,
    env,
    values: parts.vault.lines(grantedVariables(given).set, parts.files),
    stdin: params.background || params.stdin !== undefined ? 'pipe' : 'none',
    tty: params.tty,
    command: parts.redactors.text(displayed(params)),
    filter: (mode, emit, onHit) => parts.redactors.filter(mode, emit, authorized, onHit),
  });
  parts.stores.watch(process.pid, told[0]?.program ?? file, stores);
  if (direct) parts.granted.note(process.pid, given);
  const searchPath = searchPathOf(params, parts);
  parts.commands.add(
    { process, capability, authorized, searchPath, text: shapeOf(params) },
    told,
    direct,
  );
  parts.audit.spawned(process, params.argv ?? ['bash', '-c', params.command ?? '']);
  // what a text starts is decided when it asks; what gets nothing may never ask
  for (const one of told.filter(({ given: names }) => direct || names.length === 0)) {
    parts.audit.decided(process.id, one, direct ? params.argv : undefined);
  }
  parts.started(process);
  if (params.stdin !== undefined) {
    void process.write(Buffer.from(params.stdin));
    process.closeStdin();
  }
  return { process, decisions: told, authorized };
}

/** Runs a tool whose shim was told to, because its output would lead past the session's redaction. */
export function spawnRelayed(relay: Relay, tty: SpawnParams['tty'], parts: Parts): ManagedProcess {
  const { file, args, cwd, env, given, outer } = relay;
  const { capability, authorized, searchPath } = outer;
  const process = parts.processes.start({
    file,
    args,
    cwd,
    env: { ...env },
    values: parts.vault.lines(grantedVariables(given).set, parts.files),
    stdin: 'pipe',
    tty,
    command: parts.redactors.text(displayed({ argv: [file, ...args] })),
    filter: (mode, emit, onHit) => parts.redactors.filter(mode, emit, authorized, onHit),
  });
  parts.granted.note(process.pid, given);
  parts.commands.add({ process, capability, authorized, searchPath, outer }, [], true);
  parts.audit.spawned(process, [file, ...args]);
  parts.started(process);
  return process;
}

/** Text that can't be read, and programs that never get any: what they start may not ask either. */
function mayAsk(decisions: readonly Decision[], direct: boolean): boolean {
  const [first] = decisions;
  return first?.rule !== 'opaque' && !(direct && first?.rule === 'strip');
}

/** The decisions that a spawn of the same command in `cwd` rests on. */
export async function decisionsFor(
  program: Program,
  cwd: string,
  parts: Parts,
): Promise<Decision[]> {
  return (await foreseen(program, cwd, parts)).decisions;
}

/** `direct`: the decision is on the one program that is started here, and not on what a text starts. */
async function foreseen(
  program: Program,
  cwd: string,
  parts: Parts,
): Promise<{ decisions: Decision[]; direct: boolean }> {
  const { baseEnv, shims, rules, vault } = parts;
  const given = childEnvironment(baseEnv, program);
  const env = { ...given, PATH: shims.plain(given.PATH) };
  const { command, argv } = program;
  const around = { cwd, env, workspace: parts.cwd, trustedPath: env.PATH };
  const facts = await gatherFacts({ command, argv, ...around });
  const direct = facts.shape === 'lone' && (argv !== undefined || !shims.asks);
  const decisions = decide(facts, vault.names(), rules).map((one) =>
    redacted(direct || shims.asks ? one : unasked(one), (text) => parts.redactors.text(text)),
  );
  return { decisions, direct };
}

/** Where no shim can ask, what a text starts gets nothing. */
function unasked(decision: Decision): Decision {
  const { given, withheld } = decision;
  if (given.length === 0) return decision;
  const reason = 'this machine lacks what decides inside a shell text: run the program by itself';
  return { ...decision, given: [], withheld: [...withheld, ...given], rule: 'no-shims', reason };
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
    return statSync(place).isDirectory() && mayExecute(place);
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

function programOf(
  { command, argv, env }: Program,
  cwd: string,
  parts: Parts,
): { file: string; args: readonly string[] } {
  const [name = 'bash', ...args] = argv ?? ['bash', '-c', asking(command ?? '', parts)];
  const searchPath = searchPathOf({ env }, parts);
  return {
    file: requireProgram(name, searchPath, cwd, () => parts.redactors.text(name)),
    args,
  };
}

/** Without the shims. */
function searchPathOf({ env }: Pick<Program, 'env'>, { shims, baseEnv }: Parts): string {
  return shims.plain(env?.PATH ?? baseEnv.PATH);
}

/** The text with its path-named tools asking too. */
function asking(command: string, { shims }: Parts): string {
  if (!shims.asks) return command;
  const untrusted = '/usr/bin/env -u SYNSC_CAPABILITY';
  return rewrite(command, inspect(command), { byPath: shims.byPath, untrusted });
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
  if (!parts.grants.take({ asker, command, argv, cwd }, names, now())) {
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
