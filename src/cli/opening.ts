import { setTimeout as delay } from 'node:timers/promises';
import { tokenPrefix } from '../../protocol/dashboard/device.ts';
import type { SessionUpdate } from '../../protocol/dashboard/sync.ts';
import { readSettings } from '../account/settings.ts';
import type { Account } from '../account/sign-in.ts';
import { takeVariable } from '../platform/environ.ts';
import { parseRules } from '../supervisor/policy/rules.ts';
import { type Supervisor, type SupervisorOptions, startSupervisor } from '../supervisor/start.ts';
import { refuseInspection } from './inspection.ts';
import { SessionRecord } from './record.ts';
import type { Session, SessionOptions } from './session.ts';
import { workingDirectory } from './working-directory.ts';

/** Milliseconds that the dashboard's record of the session may take at the end. */
const recordGrace = 1_000;
/** Milliseconds between two signs of life: the dashboard takes a silent session for lost. */
const heartbeat = 60_000;
/** What every token begins with says nothing about it. */
const tokenPrefixes = Object.values(tokenPrefix);
/** Milliseconds after which a session listens to its account: a short one never does. */
const followAfter = 250;

/** `openSession`, in a process that is hardened; without an account the dashboard is not asked. */
export async function open(
  options: SessionOptions,
  account: Promise<Account> | undefined,
): Promise<Session> {
  const { approver, label, ending } = options;
  const env = process.env;
  const settings = readSettings(env);
  const recorded = account?.then((one) => ({
    ...one,
    record: new SessionRecord(one.client, label),
  }));
  recorded?.catch(() => undefined); // told by the first sync
  const supervisor = await startSupervisor({
    env,
    take: (name) => takeVariable(env, name),
    cwd: workingDirectory(),
    approver,
    relayCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'relay'],
    rules: parseRules(settings.policy),
    auditArguments: settings.audit?.arguments === true,
    source: recorded && fetching(recorded),
  });
  try {
    if (recorded === undefined) return await ending.unless(unrecorded(supervisor));
    await ending.unless(supervisor.sync());
    const signedIn = await recorded;
    signedIn.onToken((token) => supervisor.redact('SYNSC_TOKEN', token, tokenPrefixes));
    return kept(supervisor, signedIn);
  } catch (error) {
    await supervisor.close('the session could not start');
    await forsake(recorded);
    throw error;
  }
}

type Recorded = Account & { readonly record: SessionRecord };

async function unrecorded(supervisor: Supervisor): Promise<Session> {
  return { ...supervisor, end: (reason) => supervisor.close(reason) };
}

/** After a failure, which is what is thrown; a sign-in that is still under way is not waited for. */
async function forsake(recorded: Promise<Recorded> | undefined): Promise<void> {
  const end = recorded?.then(
    (one) => endRecord(one),
    () => undefined,
  );
  const isThere = await Promise.race([recorded, Promise.resolve()]).catch(() => undefined);
  if (isThere) await end;
}

/** Ends the record, where there is one: a dashboard that does not answer keeps nobody waiting for long. */
async function endRecord({ record, client }: Recorded, update: SessionUpdate = {}): Promise<void> {
  const told = record.tell({ ...update, ended: true });
  await Promise.race([told, delay(recordGrace, undefined, { ref: false })]);
  client.close();
}

function fetching(account: Promise<Recorded>): NonNullable<SupervisorOptions['source']> {
  return async (request) => {
    const { record } = await account;
    refuseInspection(); // a signal may have opened it before our first line
    return record.sync(request);
  };
}

/** Rotation and sign-out reach a running session by themselves, once its command has begun. */
function follow(supervisor: Supervisor, client: Account['client']): () => void {
  let stop: () => void = () => undefined;
  const timer = setTimeout(() => {
    const ended = new AbortController();
    stop = () => ended.abort();
    const begin = ({ followAccount }: typeof import('../account/events.ts')) => {
      const follower = { version: supervisor.syncedVersion, sync: supervisor.sync };
      if (!ended.signal.aborted) stop = followAccount(client, follower);
    };
    // where it can't be loaded, `synsc connect status` still brings what is new
    void import('../account/events.ts').then(begin).catch(() => undefined);
  }, followAfter).unref();
  return () => {
    clearTimeout(timer);
    stop();
  };
}

function kept(supervisor: Supervisor, account: Recorded): Session {
  const { record, client } = account;
  const beat = setInterval(() => void record.tell(supervisor.totals()), heartbeat).unref();
  const stopFollowing = follow(supervisor, client);
  return {
    ...supervisor,
    async end(reason) {
      clearInterval(beat);
      stopFollowing();
      const ended = endRecord(account, supervisor.totals());
      await supervisor.close(reason);
      await ended;
    },
  };
}
