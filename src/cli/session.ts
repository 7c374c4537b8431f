import type { Approver } from '../supervisor/authorization/approver.ts';
import type { Supervisor } from '../supervisor/start.ts';
import type { Ending } from './ending.ts';
import { refuseInspection } from './inspection.ts';

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
  const { harden } = await import('../platform/harden.ts');
  harden(); // before anything here holds a secret, and before the rest is loaded
  refuseInspection();
  const dashboard = options.sync ? await connect() : undefined;
  const { open } = await import('./opening.ts');
  return open(options, dashboard?.account);
}

async function connect() {
  const { connecting } = await import('./connecting.ts');
  return connecting(process.env);
}
