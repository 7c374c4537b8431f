import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Role } from '../../protocol/session/schemas.ts';
import { SynscError } from '../errors.ts';
import { lazyLog } from '../log.ts';
import { closeInheritedOnExec } from '../platform/descriptors.ts';
import { reserveDescriptor } from '../platform/files.ts';
import { keepHeapSmall } from '../platform/heap.ts';
import { joinFreshKeyring } from '../platform/keyring.ts';
import { lazily } from '../platform/lazily.ts';
import { ProcessMark } from '../platform/mark.ts';
import { hasNative } from '../platform/native.ts';
import { originOf, parentOf, peerOf } from '../platform/peer.ts';
import { showsThisProcess } from '../platform/procfs.ts';
import {
  createSessionDirectory,
  removeSessionDirectory,
  removeStale,
  type SessionDirectory,
} from '../platform/runtime-dir.ts';
import type { SavedTerminal } from '../platform/stty.ts';
import { allNames } from '../provider/catalog.ts';
import { Scope } from '../scope.ts';
import type { Secret } from '../secret.ts';
import type { Approver } from './authorization/approver.ts';
import { Grants } from './authorization/grants.ts';
import { askingTools } from './policy/rewrite.ts';
import type { Rules } from './policy/rules.ts';
import { strippedTools } from './policy/tools.ts';
import { ProcessTable } from './process/table.ts';
import { Watchdog } from './process/watchdog.ts';
import { roleOf } from './rpc/roles.ts';
import { serveSession } from './rpc/server.ts';
import { Audit } from './session/audit.ts';
import { Commands } from './session/commands.ts';
import { type Front, type FrontOptions, startFront } from './session/front.ts';
import { Granted } from './session/granted.ts';
import { Attachments } from './session/output.ts';
import { Pairing } from './session/pairing.ts';
import type { Parts } from './session/parts.ts';
import { Redactors, type Weak } from './session/redactors.ts';
import { Relays } from './session/relays.ts';
import { createVerbs } from './session/session.ts';
import { Shown } from './session/shown.ts';
import { Stores } from './session/stores.ts';
import { createStreams } from './session/streams.ts';
import { Synchroniser } from './session/sync.ts';
import { ShimDirectory } from './shim/directory.ts';
import { type AnswerShim, serveShims } from './shim/server.ts';
import { CredentialFiles } from './vault/credential-file.ts';
import { ownKeys } from './vault/own-keys.ts';
import type { SyncSource } from './vault/sync.ts';
import { Vault } from './vault/vault.ts';

export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes a variable out of it: its bytes, for good. */
  readonly take: (variable: string) => Buffer | undefined;
  readonly cwd: string;
  readonly approver: Approver;
  /** Absent: own keys only, the dashboard is not asked. */
  readonly source?: SyncSource | undefined;
  /** Words that start `synsc relay`. */
  readonly relayCommand: readonly string[];
  /** The user's own policy. */
  readonly rules: Rules;
  /** Keeps argument lists in the audit chain, redacted, and not only a keyed hash of them. */
  readonly auditArguments?: boolean;
}

/** One session in this process. */
export interface Supervisor {
  readonly id: string;
  readonly socketPath: string;
  /** Names of values that are found only where they stand whole, or not at all. */
  weak(): Weak;
  /** Fetches the credentials: the first call tells how the fetch of the start went. Throws NOT_SIGNED_IN, DASHBOARD_UNREACHABLE, SYNC_FAILED. */
  sync(): Promise<void>;
  /**
   * Has a further value redacted from here on, which opens credentials or was made of them; the
   * session owns it from now on.
   */
  redact(name: string, secret: Secret, publicPrefixes: readonly string[]): void;
  /** Version of the account's credentials that the session holds; undefined before the first sync. */
  syncedVersion(): number | undefined;
  /** Starts the session's own command, without any credential. COMMAND_NOT_FOUND, NOT_EXECUTABLE. */
  front(options: FrontOptions): Promise<Front>;
  /** Has the user's terminal restored if this process is killed before it can do so. */
  rememberTerminal(terminal: SavedTerminal): void;
  totals(): { commands: number; redactions: number; credentialsUsed: string[]; auditHead: string };
  /** Ends every process, wipes the vault and removes socket and files. Idempotent. */
  close(reason: string): Promise<void>;
}

/**
 * Opens a session: makes its directory and serves its socket. The caller has called `harden()` before
 * anything in this process held a secret.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  requireNative();
  requireProcesses();
  reserveDescriptor();
  closeInheritedOnExec();
  joinFreshKeyring();
  const uid = process.getuid?.() ?? 0;
  const scope = new Scope();
  const helpers = new Scope(); // they leave while the rest is closed
  scope.defer(() => helpers.close());
  const mark = new ProcessMark();
  scope.defer(() => mark.remove());
  const place = createSessionDirectory(options.env, uid, mark.text);
  scope.defer(() => removeSessionDirectory(place));
  try {
    return await open(options, place, { mark, scope, helpers });
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** Without it nothing could be kept from other processes, and nobody could be told who asks. */
function requireNative(): void {
  if (hasNative()) return;
  throw new SynscError('UNSUPPORTED', 'the native package koffi is missing on this machine', {
    hint: 'install synsc anew with its packages; `synsc doctor` says what is missing',
  });
}

/** /proc may be missing, or show the processes of another namespace, whose numbers mean others here. */
function requireProcesses(): void {
  if (process.platform !== 'linux' || showsThisProcess()) return;
  throw new SynscError('UNSUPPORTED', '/proc does not show the processes of this namespace', {
    hint: 'mount it: `mount -t proc proc /proc`, or start the namespace by `unshare --mount-proc`',
  });
}

async function open(
  options: SupervisorOptions,
  place: SessionDirectory,
  { mark, scope, helpers }: { mark: ProcessMark; scope: Scope; helpers: Scope },
): Promise<Supervisor> {
  const uid = process.getuid?.() ?? 0;
  const values = valuesOf(options, place);
  scope.defer(() => values.vault.wipe());
  let first = firstSync(values.sync, options);
  await turn();
  const { parts, watchdog, counts } = assemble(options, place, mark, scope, values);
  const { vault, files, redactors, processes, shims, stores, used } = parts;
  await turn();
  const log = lazyLog();
  const server = await serveSession({
    socketPath: parts.socketPath,
    verbs: createVerbs(parts),
    openStream: createStreams(parts),
    roleFor: (socket) => roleFor(socket, parts, uid),
    log,
    redact: (text) => redactors.text(text),
  });
  const shimServer = await serveShims(shims.socketPath, (...asker) => answer(asker, parts), log);
  // last opened is closed first: processes end, then the vault is wiped, then the socket goes
  helpers.defer(() => watchdog.left());
  scope.defer(() => watchdog.dismiss());
  scope.defer(() => server.close());
  scope.defer(() => shimServer.close());
  scope.defer(() => vault.wipe());
  scope.defer(() => redactors.close());
  scope.defer(() => files.remove());
  scope.defer(() => stores.close());
  scope.defer(() => processes.close());
  await turn();
  shims.cover(parts.baseEnv.PATH); // while the dashboard answers
  const removing = removeStale(options.env, uid);
  helpers.defer(async () => void (await removing));
  keepHeapSmall();

  return {
    id: parts.id,
    socketPath: parts.socketPath,
    weak: () => redactors.weak(),
    async sync() {
      const run = first ?? parts.sync.synchronise();
      first = undefined;
      await run;
    },
    redact(name, secret, publicPrefixes) {
      vault.derive(name, secret, publicPrefixes);
      redactors.rebuild();
    },
    syncedVersion: () => parts.sync.version,
    front: (front) => startFront(front, parts),
    rememberTerminal: (terminal) => watchdog.remember(terminal),
    totals: () => ({
      commands: counts.commands,
      redactions: redactors.total,
      credentialsUsed: [...used].sort(),
      auditHead: parts.audit.head,
    }),
    async close(reason) {
      server.broadcast('session.ending', { reason });
      await scope.close();
    },
  };
}

/** The credentials of a session, and how they come. */
function valuesOf(options: SupervisorOptions, { id, directory }: SessionDirectory) {
  const { take, source } = options;
  const vault = new Vault(ownKeys(take));
  const files = new CredentialFiles(directory, id);
  const redactors = new Redactors(vault);
  const audit = new Audit(
    options.auditArguments === true ? { show: (words) => redactors.text(words.join(' ')) } : {},
  );
  const sync = new Synchroniser({ source, vault, files, redactors, audit });
  return { vault, files, redactors, audit, sync };
}

/** Begun at once: the dashboard answers while the rest is made. Whoever asks for it hears how it ended. */
function firstSync(
  sync: Synchroniser,
  { source }: SupervisorOptions,
): Promise<unknown> | undefined {
  const run = source && sync.synchronise();
  run?.catch(() => undefined);
  return run;
}

/** Makes what a session consists of; nothing is served yet. */
function assemble(
  options: SupervisorOptions,
  { id, socketPath, directory }: SessionDirectory,
  mark: ProcessMark,
  scope: Scope,
  values: ReturnType<typeof valuesOf>,
) {
  const { env, cwd, approver, relayCommand, rules } = options;
  const { files, redactors } = values;
  const shims = new ShimDirectory(directory, id, {
    ask: [...askingTools, ...rules.grant.keys(), ...rules.deny.keys()],
    strip: strippedTools,
    unset: allNames(),
  });
  scope.defer(() => shims.remove());
  const processes = new ProcessTable();
  const watchdog = new Watchdog({
    sessionId: id,
    directories: { directory, files: files.directory, shims: shims.root },
    mark,
    spare: (pid) => processes.spare(pid),
  });
  const counts = { commands: 0 };
  const parts: Parts = {
    ...{ id, socketPath, cwd, baseEnv: withoutOuterShims(env) },
    ...values,
    ...{ processes, shims, approver, relayCommand, rules },
    pairing: new Pairing(),
    grants: new Grants(),
    commands: new Commands(),
    attachments: new Attachments(),
    shown: new Shown(),
    granted: new Granted(),
    stores: new Stores(redactors, approver),
    relays: new Relays(),
    used: new Set(),
    started({ leader }) {
      counts.commands += 1;
      if (leader !== undefined) watchdog.add(leader);
    },
  };
  return { parts, watchdog, counts };
}

function roleFor(
  socket: Socket,
  { processes, pairing }: Pick<Parts, 'processes' | 'pairing'>,
  uid: number,
): Role | 'refuse' {
  const roots = {
    supervisorPid: process.pid,
    uid,
    launchedPid: () => processes.front?.pid,
    spawnedPids: () => processes.runningPids(),
    isPaired: (pid: number) => pairing.has(originOf(pid)),
  };
  return roleOf(peerOf(socket), roots, parentOf);
}

/** The path of one exec, with the parsers that it needs: loaded with the first shim that asks. */
const atExec = lazily(() => import('./session/atExec.ts'));

async function answer([peer, named]: Parameters<AnswerShim>, parts: Parts) {
  const { decideAtExec } = await atExec();
  return decideAtExec(peer, named, parts);
}

/** A session that was started in another one has its own shims only. */
function withoutOuterShims(env: SupervisorOptions['env']): SupervisorOptions['env'] {
  const { SYNSC_SHIMS: outer, ...own } = env;
  if (outer === undefined) return env;
  const places = env.PATH?.split(':').filter((place) => place !== outer);
  return { ...own, ...(places && { PATH: places.join(':') }) };
}
