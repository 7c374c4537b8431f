import { hostname } from 'node:os';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { tokenPrefix } from '../../protocol/dashboard/device.ts';
import type { SessionUpdate } from '../../protocol/dashboard/sync.ts';
import { readSettings } from '../account/settings.ts';
import type { Account } from '../account/sign-in.ts';
import { takeVariable } from '../platform/environ.ts';
import { parseRules } from '../supervisor/policy/rules.ts';
import { type Supervisor, type SupervisorOptions, startSupervisor } from '../supervisor/start.ts';
import { refuseInspection } from './inspection.ts';
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
  const supervisor = await startSupervisor({
    env,
    take: (name) => takeVariable(env, name),
    cwd: workingDirectory(),
    approver,
    relayCommand: [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'relay'],
    rules: parseRules(settings.policy),
    auditArguments: settings.audit?.arguments === true,
    source: account && fetching(account),
  });
  try {
    if (account === undefined) return await ending.unless(unrecorded(supervisor));
    await ending.unless(supervisor.sync());
    const signedIn = await account;
    signedIn.onToken((token) => supervisor.redact('SYNSC_TOKEN', token, tokenPrefixes));
    const session = recorded(supervisor, signedIn, label);
    await turn(); // or the dashboard would hear of it when the command has begun
    return session;
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

async function unrecorded(supervisor: Supervisor): Promise<Session> {
  return { ...supervisor, end: (reason) => supervisor.close(reason) };
}

function fetching(account: Promise<Account>): NonNullable<SupervisorOptions['source']> {
  return async (request) => {
    const { client } = await account;
    refuseInspection(); // a signal may have opened it before our first line
    return client.sync(request);
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
