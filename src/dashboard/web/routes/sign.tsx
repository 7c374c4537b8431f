import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Services, WebUser } from '../../services.ts';
import { sendDone, sendPage, sendRefused } from '../answer.tsx';
import { SignInPage, SignUpPage } from '../pages/sign.tsx';
import {
  browserOf,
  formOf,
  giveCookie,
  localPath,
  passkeyAnswer,
  queryText,
  signedIn,
  siteOf,
  takeCookie,
} from '../request.ts';

interface Way {
  readonly path: string;
  readonly Page: typeof SignInPage;
  readonly enter: (form: Record<string, string>, request: FastifyRequest) => Promise<WebUser>;
}

/** Signing up, in and out. */
export function registerSign(app: FastifyInstance, services: Services): void {
  const signUp: Way = {
    path: '/sign-up',
    Page: SignUpPage,
    enter: ({ email = '', password = '' }, { ip }) => services.signUp(email, password, ip),
  };
  const signIn: Way = {
    path: '/sign-in',
    Page: SignInPage,
    enter: ({ email = '', password = '' }, { ip }) => services.signIn(email, password, ip),
  };
  for (const way of [signUp, signIn]) {
    app.get(way.path, async (request, reply) => {
      const next = localPath(queryText(request, 'next'));
      if (await signedIn(services, request)) return reply.redirect(next ?? '/credentials', 303);
      const deleted = queryText(request, 'done') === 'deleted';
      return sendPage(reply, <way.Page next={next} deleted={deleted} />);
    });
    app.post(way.path, async (request, reply) => enter(services, way, request, reply));
  }
  registerPasskey(app, services, signIn);
  app.post('/sign-out', async (request, reply) => {
    const signed = await signedIn(services, request);
    if (signed) await services.closeWebSession(signed.cookie);
    takeCookie(reply);
    return sendDone(request, reply, '/sign-in');
  });
}

function registerPasskey(app: FastifyInstance, services: Services, signIn: Way): void {
  app.post('/sign-in/passkey/options', async (request) =>
    services.passkeyToShow(request.ip, siteOf(request)),
  );
  const way: Way = {
    ...signIn,
    enter: (form, request) => services.signInByPasskey(passkeyAnswer(form), siteOf(request)),
  };
  app.post('/sign-in/passkey', async (request, reply) => enter(services, way, request, reply));
}

async function enter(
  services: Services,
  { Page, enter }: Way,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const form = formOf(request);
  const next = localPath(form.next);
  try {
    const user = await enter(form, request);
    const before = await signedIn(services, request);
    if (before) await services.closeWebSession(before.cookie);
    giveCookie(reply, await services.openWebSession(user, browserOf(request)));
  } catch (failure) {
    return sendRefused(request, reply, failure, (error) => (
      <Page next={next} email={form.email} error={error} />
    ));
  }
  return sendDone(request, reply, next ?? '/credentials');
}
