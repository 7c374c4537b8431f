import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionUpdate } from '../../protocol/dashboard/sync.ts';
import type { Account } from '../account/sign-in.ts';
import type { Approver } from '../supervisor/authorization/approver.ts';
import type { Supervisor } from '../supervisor/start.ts';
import { workingDirectory } from './working-directory.ts';

/** Milliseconds that the dashboard's record of the session may take at the end. */
const recordGrace = 1_000;
/** Milliseconds between two signs of life: the dashboard takes a silent session for lost. */
const heartbeat = 60_000;

export interface SessionOptions {
  readonly approver: Approver;
  readonly label?: string | undefined;
  readonly sync: boolean;
}

export interface Session extends Supervisor {
  /** Ends the session and its record at the dashboard. */
  end(reason: string): Promise<void>;
}

/**
 * A session with its credentials in place: nothing is started when they can't be fetched. Throws
 * NOT_SIGNED_IN, DASHBOARD_UNREACHABLE, UNTRUSTED_DASHBOARD, SYNC_FAILED.
 */
export async function openSession({ approver, label, sync }: SessionOptions): Promise<Session> {
  const env = process.env;
  const { harden } = await import('../platform/harden.ts');
  harden(); // before anything here holds a secret
  // the sign-in is looked up while the supervisor's modules load
  const account = sync ? lookUpAccount(env) : undefined;
  const [{ startSupervisor }, { parseRules }, { readSettings }] = await Promise.all([
    import('../supervisor/start.ts'),
    import('../supervisor/policy/rules.ts'),
    import('../account/settings.ts'),
  ]);
  const rules = parseRules(readSettings(env).policy);
  const supervisor = await startSupervisor({
    env,
    cwd: workingDirectory(),
    approver,
    relayCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'relay'],
    rules,
    source: account && (async (request) => (await account).client.sync(request)),
  });
  if (account === undefined) return { ...supervisor, end: (reason) => supervisor.close(reason) };
  try {
    await supervisor.sync();
    return recorded(supervisor, await account, label);
  } catch (error) {
    await supervisor.close('no credentials');
    await account.then(
      ({ client }) => client.close(),
      () => undefined, // it is the error that is thrown
    );
    throw error;
  }
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

function recorded(supervisor: Supervisor, { client }: Account, label: string | undefined): Session {
  const start = { directory: workingDirectory(), hostname: hostname(), ...(label && { label }) };
  // the record is for the user's overview: a session runs without it
  const record = client.startSession(start).catch(() => undefined);
  const tell = (update: SessionUpdate) =>
    record.then((made) => made && client.updateSession(made.id, update)).catch(() => undefined);
  const beat = setInterval(() => void tell(supervisor.totals()), heartbeat).unref();
  return {
    ...supervisor,
    async end(reason) {
      clearInterval(beat);
      const told = tell({ ...supervisor.totals(), ended: true });
      await supervisor.close(reason);
      await Promise.race([told, delay(recordGrace, undefined, { ref: false })]);
      client.close();
    },
  };
}
