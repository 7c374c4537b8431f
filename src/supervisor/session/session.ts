import type { Params } from '../../../protocol/session/methods.ts';
import type {
  AuthorizationResult,
  FinishedSpawn,
  StartedSpawn,
} from '../../../protocol/session/schemas.ts';
import { protocolVersion } from '../../../protocol/version.ts';
import { SynscError } from '../../errors.ts';
import { now } from '../../platform/clock.ts';
import { lazily } from '../../platform/lazily.ts';
import type { ManagedProcess } from '../process/table.ts';
import { discover } from './discover.ts';
import { pairingLifetime } from './pairing.ts';
import type { Parts } from './parts.ts';
import { processVerbs } from './processes.ts';
import type { Spawned } from './spawn.ts';
import { type Caller, type Verbs, whenGone } from './verbs.ts';

/** The path of a command, with the parsers that it needs: loaded with the first one. */
const path = lazily(() => import('./spawn.ts'));

/** Entries of the audit chain in one answer. */
const auditPage = 500;

/** Milliseconds that an authorised value stays visible in the front end after its command ended. */
const shownAfterExit = 2_000;

/** The verbs of a session over its parts. */
export function createVerbs(parts: Parts): Verbs {
  return {
    ping: (_params, { role }) => ({ sessionId: parts.id, protocolVersion, role }),
    'rpc.discover': () => discover(),
    spawn: (params, caller) => runCommand(params, caller, parts),
    relay: (params, caller) => runRelayed(params, caller, parts),
    ...processVerbs(parts),
    ...credentialVerbs(parts),
    ...sessionVerbs(parts),
  };
}

type CredentialVerb = 'explain' | 'credentials' | 'sync' | 'authorization.request';

function credentialVerbs(parts: Parts): Pick<Verbs, CredentialVerb> {
  const { vault } = parts;
  return {
    async explain(params) {
      const { decisionsFor, directoryOf } = await path();
      return { decisions: await decisionsFor(params, directoryOf(params, parts), parts) };
    },
    credentials: () => ({ credentials: vault.summaries(), synced: parts.sync.state }),
    async sync(_params, { role }) {
      const changed = await parts.sync.synchronise();
      // a process outside the session may trigger it, and learns nothing from it
      return role === 'outside'
        ? { credentials: [], changed: [] }
        : { credentials: vault.summaries(), changed };
    },
    'authorization.request': (params, { asker }) => askUser(params, asker, parts),
  };
}

type SessionVerb = 'audit' | 'pair' | 'pair.code';

function sessionVerbs({ audit, pairing }: Parts): Pick<Verbs, SessionVerb> {
  return {
    audit: ({ fromSequence = 0 }) => ({
      entries: audit.from(fromSequence, auditPage),
      head: audit.head,
    }),
    'pair.code': () => ({ code: pairing.issue(now()), expiresIn: pairingLifetime }),
    pair({ code }, { origin }) {
      const paired = origin !== undefined && pairing.redeem(code, origin, now());
      audit.note({ event: 'pair', outcome: paired ? 'paired' : 'refused' });
      if (paired) return { role: 'client' };
      throw new SynscError('NOT_AUTHORIZED', 'the code is wrong, was used, or is too old', {
        hint: 'run `synsc pair` in the session for a new one',
      });
    },
  };
}

async function runCommand(
  params: Params<'spawn'>,
  caller: Caller,
  parts: Parts,
): Promise<FinishedSpawn | StartedSpawn> {
  const { spawn } = await path();
  const spawned = await spawn(params, caller.asker, parts);
  const { process, decisions, authorized } = spawned;
  if (authorized.length > 0) parts.shown.add(process, caller);
  showWhile(spawned, caller, parts);
  if (params.timeoutMs !== undefined) killAfter(spawned, params.timeoutMs);
  if (!params.background) return finished(spawned, params, caller, parts);
  tellDecisions(process, caller, parts);
  if (params.endWithCaller) endWithCaller(process, caller);
  hand(process, caller, params, parts);
  return { processId: process.id, pid: process.pid, decisions };
}

/** What a shim becomes: its tool under the session, for as long as the shim's process lives. */
async function runRelayed(
  params: Params<'relay'>,
  caller: Caller,
  parts: Parts,
): Promise<StartedSpawn> {
  const relay = caller.pid === undefined ? undefined : parts.relays.take(caller.pid);
  if (relay === undefined) throw new SynscError('DENIED', 'no shim was told to run this');
  const { spawnRelayed } = await path();
  const process = spawnRelayed(relay, params.tty, parts);
  if (relay.outer.authorized.length > 0) parts.shown.add(process, caller);
  parts.relays.runs(caller, process);
  endWithCaller(process, caller);
  hand(process, caller, params, parts);
  return { processId: process.id, pid: process.pid, decisions: [] };
}

/** Output goes to whoever started the process: by notifications, or when that one opens its stream. */
function hand(
  process: ManagedProcess,
  caller: Caller,
  { encoding, stream }: Pick<Params<'relay'>, 'encoding' | 'stream'>,
  { attachments }: Parts,
): void {
  if (!stream) {
    attachments.own(process, caller);
    attachments.attach(process, caller, { encoding });
  } else {
    attachments.ownByStream(process, caller);
    process.pause();
    whenGone(caller, () => process.resume());
  }
}

function tellDecisions(process: Spawned['process'], { notify, gone }: Caller, parts: Parts): void {
  parts.commands.listen(process, (decision) => {
    if (!gone.aborted) notify?.('decision', { processId: process.id, decision });
  });
}

async function askUser(
  params: Params<'authorization.request'>,
  asker: Caller['asker'],
  parts: Parts,
): Promise<AuthorizationResult> {
  const { directoryOf, displayed } = await path();
  const cwd = directoryOf(params, parts);
  const missing = params.names.filter((name) => parts.vault.get(name) === undefined);
  if (missing.length > 0) {
    throw new SynscError('INVALID_PARAMS', `names: this session has no ${missing.join(', ')}`, {
      field: 'names',
      hint: 'add it in the dashboard and run `synsc connect status`; `synsc connect status` lists the names',
    });
  }
  const text = (words: string) => parts.redactors.text(words);
  const status = await parts.approver.ask({
    command: text(displayed(params)),
    cwd,
    names: params.names,
    reason: params.reason === undefined ? undefined : text(params.reason),
  });
  parts.audit.note({ event: 'authorization', names: params.names, outcome: status });
  if (status !== 'approved') return { status };
  const call = { asker, command: params.command, argv: params.argv, cwd };
  return { status, authorizationId: parts.grants.give(call, params.names, now()) };
}

async function finished(
  { process, authorized }: Spawned,
  { outputLimitBytes }: Params<'spawn'>,
  caller: Caller,
  { commands }: Parts,
): Promise<FinishedSpawn> {
  const stay = whenGone(caller, () => process.kill('SIGKILL'));
  const status = await process.exited;
  stay();
  const stdout = process.log.tail(process.tty ? 'tty' : 'stdout', outputLimitBytes);
  const stderr = process.log.tail('stderr', outputLimitBytes);
  if (authorized.length > 0) process.log.wipe();
  return {
    processId: process.id,
    ...status,
    stdout: stdout.text,
    stderr: stderr.text,
    truncated: stdout.truncated || stderr.truncated,
    redactions: process.redactions,
    decisions: commands.decisions(process),
  };
}

function killAfter({ process }: Spawned, milliseconds: number): void {
  const timer = setTimeout(() => process.kill(), milliseconds).unref();
  void process.exited.then(() => clearTimeout(timer));
}

/** Values that the user authorised pass the front end until the caller has had time to print them. */
function showWhile({ process, authorized }: Spawned, caller: Caller, { redactors }: Parts): void {
  if (authorized.length === 0) return;
  const hide = redactors.showInFront(authorized);
  let stay: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    stay = whenGone(caller, resolve);
  });
  const late = process.exited.then(
    () => new Promise<void>((resolve) => void setTimeout(resolve, shownAfterExit).unref()),
  );
  void Promise.race([left, late]).then(() => {
    stay();
    setTimeout(hide, 50).unref();
  });
}

function endWithCaller(process: Spawned['process'], caller: Caller): void {
  void process.exited.then(whenGone(caller, () => process.kill()));
}
