import { setImmediate as turn } from 'node:timers/promises';
import { type Account, openAccount } from '../account/sign-in.ts';

/**
 * This machine's sign-in, with a connection to its dashboard under way: begun before the rest of a session
 * is loaded, so that the dashboard answers meanwhile. What goes wrong is for whoever awaits it.
 */
export async function connecting(env: NodeJS.ProcessEnv): Promise<{ account: Promise<Account> }> {
  const account = connected(env);
  account.catch(() => undefined);
  await turn(); // the connection is made in it,
  await turn(); // and the greeting goes out in the next one
  return { account };
}

async function connected(env: NodeJS.ProcessEnv): Promise<Account> {
  const account = await openAccount(env);
  account.client.prepare();
  return account;
}
