import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../account/sign-in.ts';
import type { Approver } from '../supervisor/authorization/approver.ts';
import type { Supervisor } from '../supervisor/start.ts';
import { workingDirectory } from './working-directory.ts';

/** Milliseconds that the dashboard's record of the session may take at the end. */
const recordGrace = 1_000;

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
  const { startSupervisor } = await import('../supervisor/start.ts');
  const account = sync ? await (await import('../account/sign-in.ts')).openAccount(env) : undefined;
  try {
    const supervisor = await startSupervisor({
      env,
      cwd: workingDirectory(),
      approver,
      source: account && ((request) => account.client.sync(request)),
    });
    if (account === undefined) return { ...supervisor, end: (reason) => supervisor.close(reason) };
    await supervisor.sync().catch(async (error: unknown) => {
      await supervisor.close('no credentials');
      throw error;
    });
    return recorded(supervisor, account, label);
  } catch (error) {
    account?.client.close();
    throw error;
  }
}

function recorded(supervisor: Supervisor, { client }: Account, label: string | undefined): Session {
  const start = { directory: workingDirectory(), hostname: hostname(), ...(label && { label }) };
  // the record is for the user's overview: a session runs without it
  const record = client.startSession(start).catch(() => undefined);
  return {
    ...supervisor,
    async end(reason) {
      const totals = supervisor.totals();
      await supervisor.close(reason);
      const told = record.then((made) =>
        made === undefined ? undefined : client.updateSession(made.id, { ...totals, ended: true }),
      );
      const late = delay(recordGrace, undefined, { ref: false });
      await Promise.race([told.catch(() => undefined), late]);
      client.close();
    },
  };
}
