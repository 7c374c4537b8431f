import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenPrefix } from '../../protocol/dashboard/device.ts';
import type { SessionUpdate } from '../../protocol/dashboard/sync.ts';
import type { Account } from '../account/sign-in.ts';
import { SynscError } from '../errors.ts';
import { openedBy } from '../platform/inspector.ts';
import type { Approver } from '../supervisor/authorization/approver.ts';
import type { Supervisor } from '../supervisor/start.ts';
import type { Ending } from './ending.ts';
import { workingDirectory } from './working-directory.ts';

/** Milliseconds that the dashboard's record of the session may take at the end. */
const recordGrace = 1_000;
/** Milliseconds between two signs of life: the dashboard takes a silent session for lost. */
const heartbeat = 60_000;
/** What every token begins with says nothing about it. */
const tokenPrefixes = Object.values(tokenPrefix);
/** Milliseconds after which a session listens to its account: a short one never does. */
const followAfter = 250;

export interface SessionOptions {
  readonly approver: Approver;
  readonly label?: string | undefined;
  readonly sync: boolean;
  /** Heard since before the session had anything to leave behind. */
  readonly ending: Ending;
}

export interface Session extends Supervisor {
  /** Ends the session and its record at the dashboard. */
  end(reason: string): Promise<void>;
}

/**
 * A session with its credentials in place: nothing is started when they can't be fetched. Throws
 * NOT_SIGNED_IN, DASHBOARD_UNREACHABLE, UNTRUSTED_DASHBOARD, SYNC_FAILED, or what `ending` rejects
 * with; nothing is left open then.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { approver, label, sync, ending } = options;
  const env = process.env;
  const { harden } = await import('../platform/harden.ts');
  harden(); // before anything here holds a secret
  refuseInspection();
  // the sign-in is looked up while the supervisor's modules load
  const account = sync ? lookUpAccount(env) : undefined;
  const [{ startSupervisor }, { takeVariable }, { parseRules }, { readSettings }] =
    await Promise.all([
      import('../supervisor/start.ts'),
      import('../platform/environ.ts'),
      import('../supervisor/policy/rules.ts'),
      import('../account/settings.ts'),
    ]);
  const settings = readSettings(env);
  const supervisor = await startSupervisor({
    env,
    take: (name) => takeVariable(env, name),
    cwd: workingDirectory(),
    approver,
    relayCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'relay'],
    rules: parseRules(settings.policy),
    auditArguments: settings.audit?.arguments === true,
    source: account && (async (request) => (await account).client.sync(request)),
  });
  try {
    if (account === undefined) return await ending.unless(unrecorded(supervisor));
    refuseInspection(); // a signal may have opened it before our first line
    await ending.unless(supervisor.sync());
    const signedIn = await account;
    signedIn.onToken((token) => supervisor.redact('SYNSC_TOKEN', token, tokenPrefixes));
    return recorded(supervisor, signedIn, label);
  } catch (error) {
    await supervisor.close('the session could not start');
    // a dashboard that does not answer keeps nobody waiting
    account?.then(
      ({ client }) => client.close(),
      () => undefined, // it is the error that is thrown
    );
    throw error;
  }
}

/** Throws INSPECTED. */
function refuseInspection(): void {
  const opened = openedBy([...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)]);
  if (opened === undefined) return;
  throw new SynscError('INSPECTED', `${opened} would show the credentials of this session`);
}

async function unrecorded(supervisor: Supervisor): Promise<Session> {
  return { ...supervisor, end: (reason) => supervisor.close(reason) };
}

function lookUpAccount(env: NodeJS.ProcessEnv): Promise<Account> {
  const account = import('../account/sign-in.ts').then(async ({ openAccount }) => {
    const found = await openAccount(env);
    found.client.prepare();
    return found;
  });
  account.catch(() => undefined); // reported by whoever awaits it
  return account;
}

/** Rotation and sign-out reach a running session by themselves, once its command has begun. */
function follow(supervisor: Supervisor, client: Account['client']): () => void {
  let stop: () => void = () => undefined;
  const timer = setTimeout(() => {
    const ended = new AbortController();
    stop = () => ended.abort();
    void import('../account/events.ts').then(({ followAccount }) => {
      const follower = { version: supervisor.syncedVersion, sync: supervisor.sync };
      if (!ended.signal.aborted) stop = followAccount(client, follower);
    });
  }, followAfter).unref();
  return () => {
    clearTimeout(timer);
    stop();
  };
}

function recorded(supervisor: Supervisor, { client }: Account, label: string | undefined): Session {
  const start = { directory: workingDirectory(), hostname: hostname(), ...(label && { label }) };
  // the record is for the user's overview: a session runs without it
  const record = client.startSession(start).catch(() => undefined);
  const tell = (update: SessionUpdate) =>
    record.then((made) => made && client.updateSession(made.id, update)).catch(() => undefined);
  const beat = setInterval(() => void tell(supervisor.totals()), heartbeat).unref();
  const stopFollowing = follow(supervisor, client);
  return {
    ...supervisor,
    async end(reason) {
      clearInterval(beat);
      stopFollowing();
      const told = tell({ ...supervisor.totals(), ended: true });
      await supervisor.close(reason);
      await Promise.race([told, delay(recordGrace, undefined, { ref: false })]);
      client.close();
    },
  };
}
