import type { Socket } from 'node:net';
import path from 'node:path';
import type { Role } from '../../protocol/session/schemas.ts';
import { lazyLog } from '../log.ts';
import { closeInheritedOnExec } from '../platform/descriptors.ts';
import { parentOf, peerOf } from '../platform/peer.ts';
import {
  createSessionDirectory,
  removeSessionDirectory,
  removeStale,
  type SessionDirectory,
} from '../platform/runtime-dir.ts';
import { allNames } from '../provider/catalog.ts';
import { Scope } from '../scope.ts';
import type { Approver } from './authorization/approver.ts';
import { Grants } from './authorization/grants.ts';
import { askingTools } from './policy/rewrite.ts';
import type { Rules } from './policy/rules.ts';
import { strippedTools } from './policy/tools.ts';
import { type ManagedProcess, ProcessTable } from './process/table.ts';
import { startWatchdog } from './process/watchdog.ts';
import { roleOf } from './rpc/roles.ts';
import { serveSession } from './rpc/server.ts';
import { Commands, newCapability } from './session/commands.ts';
import { sessionEnvironment } from './session/environment.ts';
import { Granted } from './session/granted.ts';
import type { Parts } from './session/parts.ts';
import { Redactors } from './session/redactors.ts';
import { Relays } from './session/relays.ts';
import { requireProgram } from './session/resolve.ts';
import { createVerbs, synchronise } from './session/session.ts';
import { Stores } from './session/stores.ts';
import { ShimDirectory } from './shim/directory.ts';
import { serveShims } from './shim/server.ts';
import { CredentialFiles } from './vault/credential-file.ts';
import { ownKeys } from './vault/own-keys.ts';
import type { SyncSource } from './vault/sync.ts';
import { Vault } from './vault/vault.ts';

export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly approver: Approver;
  /** Absent: own keys only, the dashboard is not asked. */
  readonly source?: SyncSource | undefined;
  /** Words that start `synsc relay`. */
  readonly relayCommand: readonly string[];
  /** The user's own policy. */
  readonly rules: Rules;
}

/** How the session's own command is connected to the user. */
interface FrontOptions {
  readonly argv: readonly string[];
  readonly tty?: { readonly columns: number; readonly rows: number } | undefined;
}

/** The session's own command, as the front end sees it. */
export type Front = Pick<
  ManagedProcess,
  'log' | 'exited' | 'write' | 'resize' | 'pause' | 'resume'
>;

/** One session in this process. */
export interface Supervisor {
  readonly id: string;
  readonly socketPath: string;
  /** Names of values that are too short to be redacted. */
  unprotected(): readonly string[];
  /** Names of short or regular values, which are redacted only where they stand in one piece. */
  wholeOnly(): readonly string[];
  /** Fetches the credentials; throws NOT_SIGNED_IN, DASHBOARD_UNREACHABLE, SYNC_FAILED. */
  sync(): Promise<void>;
  /** Starts the session's own command, without any credential. COMMAND_NOT_FOUND, NOT_EXECUTABLE. */
  front(options: FrontOptions): Promise<Front>;
  totals(): { commands: number; redactions: number; credentialsUsed: string[] };
  /** Ends every process, wipes the vault and removes socket and files. Idempotent. */
  close(reason: string): Promise<void>;
}

/**
 * Opens a session: makes its directory and serves its socket. The caller has called `harden()` before
 * anything in this process held a secret.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  closeInheritedOnExec();
  const uid = process.getuid?.() ?? 0;
  const scope = new Scope();
  const place = createSessionDirectory(options.env, uid);
  scope.defer(() => removeSessionDirectory(place));
  try {
    return await open(options, place, scope, uid);
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function open(
  { env, cwd, approver, source, relayCommand, rules }: SupervisorOptions,
  place: SessionDirectory,
  scope: Scope,
  uid: number,
): Promise<Supervisor> {
  const { id, socketPath, directory } = place;
  const vault = new Vault(ownKeys(env));
  const files = new CredentialFiles(directory, id);
  const redactors = new Redactors(vault);
  const stores = new Stores(redactors, approver);
  const shims = new ShimDirectory(directory, id, {
    ask: [...askingTools, ...rules.grant.keys(), ...rules.deny.keys()],
    strip: strippedTools,
    unset: allNames(),
  });
  scope.defer(() => shims.remove());
  const watchdog = startWatchdog(id, [directory, files.directory, shims.root]);
  const processes = new ProcessTable();
  if (watchdog.pid !== undefined) processes.spare(watchdog.pid);
  const used = new Set<string>();
  let commands = 0;
  const parts: Parts = {
    id,
    socketPath,
    cwd,
    baseEnv: withoutOuterShims(env),
    vault,
    files,
    redactors,
    processes,
    grants: new Grants(),
    approver,
    source,
    shims,
    commands: new Commands(),
    granted: new Granted(),
    stores,
    relays: new Relays(),
    relayCommand,
    rules,
    used,
    started() {
      commands += 1;
      watchdog.update();
    },
  };
  const roleFor = (socket: Socket): Role | 'refuse' =>
    roleOf(
      peerOf(socket),
      {
        supervisorPid: process.pid,
        uid,
        launchedPid: () => processes.front?.pid,
        spawnedPids: () => processes.all().map(({ pid }) => pid),
      },
      parentOf,
    );
  const log = lazyLog();
  const server = await serveSession({
    socketPath,
    verbs: createVerbs(parts),
    roleFor,
    log,
    redact: (text) => redactors.text(text),
  });
  const shimServer = await serveShims(
    shims.socketPath,
    async (peer, named) => {
      const { decideAtExec } = await import('./session/atExec.ts');
      return decideAtExec(peer, named, parts);
    },
    log,
  );
  // last opened is closed first: processes end, then the vault is wiped, then the socket goes
  scope.defer(() => watchdog.dismiss());
  scope.defer(() => server.close());
  scope.defer(() => shimServer.close());
  scope.defer(() => vault.wipe());
  scope.defer(() => redactors.close());
  scope.defer(() => files.remove());
  scope.defer(() => stores.close());
  scope.defer(() => processes.close());
  void removeStale(env, uid);

  return {
    id,
    socketPath,
    unprotected: () => redactors.unprotected,
    wholeOnly: () => redactors.wholeOnly,
    sync: async () => void (await synchronise(parts)),
    front: (front) => startFront(front, parts),
    totals: () => ({ commands, redactions: redactors.total, credentialsUsed: [...used].sort() }),
    async close(reason) {
      server.broadcast('session.ending', { reason });
      await scope.close();
    },
  };
}

/** A session that was started in another one has its own shims only. */
function withoutOuterShims(env: SupervisorOptions['env']): SupervisorOptions['env'] {
  const { SYNSC_SHIMS: outer, ...own } = env;
  if (outer === undefined) return env;
  const places = env.PATH?.split(':').filter((place) => place !== outer);
  return { ...own, ...(places && { PATH: places.join(':') }) };
}

/** The user's own bash reads our start file, which reads theirs first. */
function interactive(file: string, args: string[], startFile: string | undefined): string[] {
  const plain = args.length === 0 && path.basename(file) === 'bash' && startFile !== undefined;
  return plain ? ['--rcfile', startFile] : args;
}

async function startFront({ argv, tty }: FrontOptions, parts: Parts): Promise<Front> {
  const { baseEnv, cwd, redactors, shims } = parts;
  const [name = '', ...args] = argv;
  const capability = newCapability();
  const file = await requireProgram(name, shims.plain(baseEnv.PATH), cwd, redactors.text(name));
  const process = parts.processes.startFront({
    file,
    args: tty === undefined ? args : interactive(file, args, shims.startFile),
    cwd,
    env: sessionEnvironment({ capability }, parts),
    values: Buffer.alloc(0),
    stdin: 'inherit',
    tty,
    command: name,
    filter: (mode, emit) => redactors.frontFilter(mode, emit),
  });
  const searchPath = shims.plain(baseEnv.PATH);
  parts.commands.add({ process, capability, authorized: [], searchPath, isFront: true }, [], true);
  return process;
}
