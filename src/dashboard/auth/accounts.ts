import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { codeOf, SynscError } from '../../errors.ts';
import { type Services, shortestPassword, type WebUser } from '../services.ts';
import type { Context } from '../store/context.ts';
import type { Query } from '../store/store.ts';
import { hashPassword, passwordMatches } from './password.ts';
import { hashToken } from './token.ts';
import { countTry, limited, limits } from './tries.ts';

type Accounts = Pick<Services, 'signUp' | 'signIn' | 'prove' | 'changePassword'>;

/** RFC 5321 §4.5.3.1.3, without the brackets. */
const longestEmail = 254;
const emailShape = z.email().max(longestEmail);
/** Of PostgreSQL's error codes. */
const uniqueViolation = '23505';
/** Keeps one request from hashing megabytes. */
const longest = 1024;

/** Accounts and their passwords. */
export function accounts({ store }: Context): Accounts {
  return {
    async signUp(typed, password, address) {
      const email = typed.trim().toLowerCase();
      if (!emailShape.safeParse(email).success) {
        const hint = 'enter an address like name@example.org';
        throw invalid('email', 'this is no e-mail address', hint);
      }
      checkNewPassword('password', password);
      await countTry(store, limits.signUp(address));
      const user = await limited(store, limits.signUpRefused(address), () =>
        create(store, email, password),
      );
      if (user) return user;
      throw new SynscError('CONFLICT', 'this e-mail address has an account already', {
        field: 'email',
        hint: 'sign in, or use another address',
      });
    },
    async signIn(typed, password, address) {
      const email = typed.trim().toLowerCase();
      // no account has such an address, and the trail need not hold it
      const possible = email.length <= longestEmail;
      const user = await limited(store, limits.signIn(email, address), async () =>
        possible ? verify(store, email, password, address) : undefined,
      );
      if (user) return user;
      throw new SynscError('NOT_AUTHORIZED', 'wrong e-mail address or password', {
        hint: 'check both and try again',
      });
    },
    async prove(user, cookieValue, password) {
      await checkOwnPassword(store, user, password);
      await store.tx(user.id, (query) => query('proveWebSession', [hashToken(cookieValue)]));
    },
    async changePassword(user, cookieValue, { current, wanted }) {
      checkNewPassword('new_password', wanted);
      await checkOwnPassword(store, user, current);
      const hash = await hashPassword(wanted);
      await store.tx(user.id, async (query) => {
        await query('setPassword', [hash]);
        await query('closeOtherWebSessions', [hashToken(cookieValue)]);
        await query('proveWebSession', [hashToken(cookieValue)]);
        await query('addAudit', ['account.password', user.email, 'changed', '']);
      });
    },
  };
}

/** Undefined when somebody has the address. */
async function create(
  store: Context['store'],
  email: string,
  password: string,
): Promise<WebUser | undefined> {
  const user = { id: randomUUID(), email };
  const hash = await hashPassword(password);
  try {
    await store.tx(null, async (query) => {
      await query('signUp', [user.id, email, hash]);
      await query('note', [user.id, 'account.create', email, 'ok', '']);
    });
    return user;
  } catch (error) {
    if (codeOf(error) === uniqueViolation) return;
    throw error;
  }
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
  const outcome = matches ? 'ok' : 'refused';
  await store.tx(null, (query) =>
    query('note', [found?.id ?? null, 'account.sign-in', email, outcome, address]),
  );
  return found && matches ? { id: found.id, email: found.email } : undefined;
}

/** NOT_AUTHORIZED; RATE_LIMITED. A wrong one is noted. */
async function checkOwnPassword(
  store: Context['store'],
  user: WebUser,
  password: string,
): Promise<void> {
  const right = await limited(store, limits.proof(user.id), async () => {
    const [row] = await store.tx(user.id, (query) => query<{ password: string }>('ownPassword'));
    const matches = await passwordMatches(password.slice(0, longest), row?.password);
    if (!matches) await store.tx(user.id, (query) => noteRefused(query, user));
    return matches || undefined;
  });
  if (right) return;
  throw new SynscError('NOT_AUTHORIZED', 'this is not your password', {
    field: 'password',
    hint: 'check it and try again',
  });
}

function noteRefused(query: Query, user: WebUser): Promise<unknown> {
  return query('addAudit', ['account.proof', user.email, 'refused', '']);
}

function checkNewPassword(field: string, password: string): void {
  if (password.length >= shortestPassword && password.length <= longest) return;
  const message = `a password has ${shortestPassword} to ${longest} characters`;
  throw invalid(field, message, 'choose a longer one, such as a few unrelated words');
}

function invalid(field: string, message: string, hint: string): SynscError {
  return new SynscError('INVALID_PARAMS', message, { field, hint });
}
