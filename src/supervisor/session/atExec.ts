import path from 'node:path';
import type { Decision } from '../../../protocol/session/decision.ts';
import {
  argumentsOf,
  descriptorOf,
  environmentOf,
  executableOf,
  workingDirectoryOf,
} from '../../platform/inspect.ts';
import { release } from '../../platform/pages.ts';
import { parentOf } from '../../platform/peer.ts';
import { allNames, variableOf } from '../../provider/catalog.ts';
import { decide } from '../policy/decide.ts';
import { grantedVariables, overriddenBy, settingsOf } from '../policy/environment.ts';
import type { ProgramFacts } from '../policy/facts.ts';
import { baseName, stripReason } from '../policy/tools.ts';
import type { Words } from '../policy/words.ts';
import { encodeAnswer, type ShimAnswer } from '../shim/answer.ts';
import { deniedBy } from './ancestry.ts';
import type { Command } from './commands.ts';
import { startupVariables } from './environment.ts';
import { programFacts } from './facts.ts';
import type { Parts } from './parts.ts';
import { resolveProgram } from './resolve.ts';
import { redacted } from './spawn.ts';

/** A shim that asks, as the kernel shows it. */
interface Asker {
  readonly pid: number;
  readonly words: Words;
  readonly cwd: string;
  /** Without any credential variable. */
  readonly env: Readonly<Record<string, string>>;
  /** The credential variables that it has, in bytes. */
  readonly held: ReadonlyMap<string, Buffer>;
}

const credentialNames: ReadonlySet<string> = new Set(allNames());

/**
 * The decision at the start of one program: its shim asks, and becomes what the answer says. Undefined:
 * no shim of this session asks, so there is no answer.
 */
export async function decideAtExec(
  peer: number,
  named: number | undefined,
  parts: Parts,
): Promise<Buffer | undefined> {
  const asker = askerOf(peer, named, parts);
  const command = asker && parts.commands.of(asker.pid);
  if (asker === undefined || command === undefined) return undefined;
  try {
    return encodeAnswer(await answerTo(asker, command, parts));
  } finally {
    for (const bytes of asker.held.values()) release(bytes);
  }
}

async function answerTo(asker: Asker, command: Command, parts: Parts): Promise<ShimAnswer> {
  const { words, cwd, env } = asker;
  parts.shims.cover(env.PATH); // tools that were installed since get their shims
  const found = resolveProgram(words.name, parts.shims.plain(env.PATH), cwd);
  if ('error' in found) return missing(words.name, found.error);
  const decision = await decisionOf(asker, command, parts);
  const told = redacted(decision, (text) => parts.redactors.text(text));
  parts.commands.decided(command, told);
  parts.audit.decided(command.process.id, told, [
    words.name,
    ...words.args.map((word) => word ?? ''),
  ]);
  parts.granted.note(asker.pid, decision.given);
  parts.stores.watch(asker.pid, decision.program, parts.stores.before(decision.given, env));
  for (const name of decision.given) parts.used.add(name);
  return become(asker, decision, path.resolve(cwd, found.path), command, parts);
}

function missing(name: string, error: 'not-found' | 'not-executable'): ShimAnswer {
  const none = { unset: [], set: {}, values: Buffer.alloc(0) };
  return error === 'not-found'
    ? { ...none, message: `${name}: command not found`, exitCode: 127 }
    : { ...none, message: `${name}: Permission denied`, exitCode: 126 };
}

/** `interpreter SHIM ARG…` by which the kernel starts a script; for curl(1), its parent that it names. */
function askerOf(peer: number, named: number | undefined, parts: Parts): Asker | undefined {
  const pid = named ?? peer;
  if (named !== undefined && ![parentOf(peer), parentOf(parentOf(peer) ?? 0)].includes(named)) {
    return undefined;
  }
  const [, shim = '', ...rest] = argumentsOf(pid) ?? [];
  const { directory } = parts.shims;
  const cwd = workingDirectoryOf(pid);
  const words = shim === parts.shims.byPath ? rest : [path.basename(shim), ...rest];
  const [name, ...args] = words;
  const runs = parts.shims.interpreters.includes(executableOf(pid) ?? '');
  const isShim = runs && (shim === parts.shims.byPath || path.dirname(shim) === directory);
  if (!isShim || name === undefined || cwd === undefined) return undefined;
  const environment = environmentOf(pid, credentialNames);
  if (environment === undefined) return undefined;
  const { plain: env, hidden: held } = environment;
  return { pid, words: { name, args, assignments: {} }, cwd, env, held };
}

async function decisionOf(asker: Asker, command: Command, parts: Parts): Promise<Decision> {
  const { pid, cwd } = asker;
  const env = { ...asker.env, PATH: parts.shims.plain(asker.env.PATH) };
  const assignments = setSinceLaunch(asker.env, parts);
  const words = { ...asker.words, assignments, ...stdinOf(asker, command) };
  const around = { cwd, env, workspace: parts.cwd, trustedPath: command.searchPath };
  const program = await programFacts(words, around);
  const held = parts.vault.names();
  const facts = { shape: 'lone' as const, programs: [program], env };
  const [decision] = decide(facts, held, parts.rules);
  if (decision === undefined) throw new RangeError('one program has one decision');
  const tool = partOfTool(asker, program, parts);
  const denied = refusal(asker, command) ?? deniedBy(pid, env, command);
  if (denied !== undefined) return nothing(decision, held, 'denied-subtree', denied);
  return withAuthorized(withoutOwn(tool ?? decision, asker, parts), command);
}

/** An interpreter that runs a tool's own file, not the user's: it gets what that tool was given. */
function partOfTool(
  { pid, cwd }: Asker,
  { words, entry }: ProgramFacts,
  { granted, vault, cwd: workspace }: Parts,
): Decision | undefined {
  if (entry?.kind !== 'script') return undefined;
  const script = path.resolve(cwd, entry.path);
  const isOwn = [cwd, workspace].some((place) => script.startsWith(`${place}/`));
  const given = granted.byItself(pid) ?? (isOwn ? undefined : granted.above(pid));
  if (given === undefined) return undefined;
  const withheld = vault.names().filter((name) => !given.includes(name));
  const program = baseName(words.name);
  const reason = 'it runs a file of the tool that was decided on before, and gets the same';
  return { program, argv0: words.name, given: [...given], withheld, rule: 'part-of-tool', reason };
}

/** A value that someone typed before the program stays; a mix with ours would be of no use. */
function withoutOwn(decision: Decision, { held }: Asker, { vault, files }: Parts): Decision {
  const own = [...held].filter(
    ([name, bytes]) => bytes.length > 0 && !vault.holds(name, bytes, files),
  );
  const providers = new Set(own.map(([name]) => variableOf(name)?.provider));
  const kept = decision.given.filter((name) => !providers.has(variableOf(name)?.provider));
  if (kept.length === decision.given.length) return decision;
  const brought = own.map(([name]) => name).join(', ');
  return {
    ...decision,
    given: kept,
    withheld: [...decision.withheld, ...decision.given.filter((name) => !kept.includes(name))],
    rule: 'own-value',
    reason: `${decision.reason}; it brings its own ${brought}`,
  };
}

/** What was set since the session began, but for PATH: someone chose it for this program. */
function setSinceLaunch(env: Asker['env'], { baseEnv }: Parts): Record<string, string> {
  const { PATH: _path, ...others } = env;
  return Object.fromEntries(
    Object.entries(others).filter(([name, value]) => value !== baseEnv[name]),
  );
}

function refusal({ env }: Asker, { capability }: Command): string | undefined {
  if (capability !== undefined && env.SYNSC_CAPABILITY === capability) return undefined;
  return 'the command, or a program that started it, may not ask for credentials';
}

function nothing(
  { program, argv0 }: Decision,
  held: readonly string[],
  rule: string,
  reason: string,
): Decision {
  return { program, argv0, given: [], withheld: [...held], rule, reason };
}

function withAuthorized(decision: Decision, { authorized }: Command): Decision {
  const kept = authorized.filter((name) => !decision.given.includes(name));
  if (kept.length === 0) return decision;
  return {
    ...decision,
    given: [...decision.given, ...kept],
    withheld: decision.withheld.filter((name) => !kept.includes(name)),
    reason: `${decision.reason}; authorised by the user for this one call: ${kept.join(', ')}`,
  };
}

/** What a file, or a here-document of the command's own text, gives the program to read. */
function stdinOf({ pid, words }: Asker, command: Command): Pick<Words, 'stdin'> {
  const input = descriptorOf(pid, 0) ?? '';
  if (input.startsWith('/') && !input.startsWith('/dev/')) return { stdin: { path: input } };
  const text = command.text;
  if (text === undefined || text.shape === 'opaque') return {};
  const seen = text.shape === 'lone' ? [text.command] : text.commands;
  const same = seen.filter(
    ({ name, args, stdin }) =>
      stdin !== undefined && name === words.name && args.join('\0') === words.args.join('\0'),
  );
  const [only, another] = same;
  return only?.stdin !== undefined && another === undefined ? { stdin: only.stdin } : {};
}

/** How the shim becomes the program: in place, or under the session where its output leads past it. */
function become(
  asker: Asker,
  decision: Decision,
  file: string,
  command: Command,
  parts: Parts,
): ShimAnswer {
  const { pid, words, cwd, env } = asker;
  const { given } = decision;
  const unset = removed(asker, decision, parts);
  if (given.length === 0) return { unset, set: {}, file, values: Buffer.alloc(0) };
  const set = settingsOf(given, () => parts.files.own());
  if (leadsBack(pid, parts)) {
    const values = parts.vault.lines(grantedVariables(given).set, parts.files);
    return { unset, set, file, values };
  }
  const kept = Object.entries({ ...env, ...set }).filter(([name]) => !unset.includes(name));
  parts.relays.give(pid, {
    file,
    args: words.args.map((word) => word ?? ''),
    cwd,
    env: Object.fromEntries(kept),
    given,
    outer: command,
  });
  const socket = { SYNSC_SOCKET: parts.socketPath };
  return { unset, set: socket, relay: parts.relayCommand, values: Buffer.alloc(0) };
}

/** Variables that the program must not have: credentials that are not for it, and what overrides its own. */
function removed(
  { held, env, words }: Asker,
  { given, rule, program }: Decision,
  parts: Parts,
): string[] {
  const granted = new Set(grantedVariables(given).set.map(({ variable }) => variable));
  const stays = (name: string) =>
    granted.has(name) || (rule === 'own-value' && isTyped(name, held, parts));
  return [
    ...[...held.keys()].filter((name) => !stays(name)),
    ...overriddenBy(given).filter((name) => name in env),
    ...(given.length > 0 ? startupVariables.filter((name) => name in env) : []),
    ...(stripReason(program, words.args) === undefined ? [] : ['SYNSC_CAPABILITY']),
  ];
}

function isTyped(name: string, held: Asker['held'], { vault, files }: Parts): boolean {
  const bytes = held.get(name);
  return bytes !== undefined && !vault.holds(name, bytes, files);
}

/** Whether all that it prints passes a redactor of this session, or nobody reads it. */
function leadsBack(pid: number, { processes }: Parts): boolean {
  const outlets = processes.outlets();
  return [1, 2].every((fd) => {
    const target = descriptorOf(pid, fd);
    return target === undefined || target === '/dev/null' || outlets.has(target);
  });
}
