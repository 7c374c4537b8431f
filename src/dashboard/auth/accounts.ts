import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { SynscError } from '../../errors.ts';
import { type Services, shortestPassword, type WebUser, webSessionLifetime } from '../services.ts';
import type { Context } from '../store/context.ts';
import { hashPassword, passwordMatches } from './password.ts';
import { hashToken, newToken } from './token.ts';
import { limited } from './tries.ts';

type Accounts = Pick<
  Services,
  'signUp' | 'signIn' | 'openWebSession' | 'webUser' | 'closeWebSession'
>;

const emailShape = z.email().max(254);
/** Keeps one request from hashing megabytes. */
const longest = 1024;

/** Accounts and web sessions. */
export function accounts({ store }: Context): Accounts {
  return {
    async signUp(address, password) {
      const email = address.trim().toLowerCase();
      checkNewAccount(email, password);
      const user = { id: randomUUID(), email };
      const hash = await hashPassword(password);
      await store.tx(null, async (query) => {
        await query('signUp', [user.id, email, hash]).catch(refuseTaken);
        await query('note', [user.id, 'account.create', email, 'ok', '']);
      });
      return user;
    },
    async signIn(email, password, address) {
      const wanted = email.trim().toLowerCase();
      const user = await limited(store, [`sign-in ${address} ${wanted}`], () =>
        verify(store, wanted, password, address),
      );
      if (user) return user;
      throw new SynscError('NOT_AUTHORIZED', 'wrong e-mail address or password', {
        hint: 'check both and try again',
      });
    },
    async openWebSession(user) {
      const token = newToken();
      await store.tx(user.id, (query) =>
        query('openWebSession', [hashToken(token), webSessionLifetime]),
      );
      return token;
    },
    async webUser(cookieValue) {
      if (!cookieValue) return undefined;
      const [user] = await store.tx(null, (query) =>
        query<WebUser>('webUser', [hashToken(cookieValue)]),
      );
      return user;
    },
    async closeWebSession(cookieValue) {
      await store.tx(null, (query) => query('closeWebSession', [hashToken(cookieValue)]));
    },
  };
}

async function verify(
  store: Context['store'],
  email: string,
  password: string,
  address: string,
): Promise<WebUser | undefined> {
  const [found] = await store.tx(null, (query) =>
    query<WebUser & { password: string }>('userByEmail', [email]),
  );
  const matches = await passwordMatches(password.slice(0, longest), found?.password);
  await store.tx(null, (query) =>
    query('note', [
      found?.id ?? null,
      'account.sign-in',
      email,
      matches ? 'ok' : 'refused',
      address,
    ]),
  );
  return found && matches ? { id: found.id, email: found.email } : undefined;
}

function checkNewAccount(email: string, password: string): void {
  if (!emailShape.safeParse(email).success) {
    throw invalid('email', 'this is no e-mail address', 'enter an address like name@example.org');
  }
  if (password.length < shortestPassword || password.length > longest) {
    throw invalid(
      'password',
      `a password has ${shortestPassword} to ${longest} characters`,
      'choose a longer one, such as a few unrelated words',
    );
  }
}

function invalid(field: string, message: string, hint: string): SynscError {
  return new SynscError('INVALID_PARAMS', message, { field, hint });
}

/** 23505: unique_violation. */
function refuseTaken(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === '23505') {
    throw new SynscError('CONFLICT', 'this e-mail address has an account already', {
      field: 'email',
      hint: 'sign in, or use another address',
    });
  }
  throw error;
}
