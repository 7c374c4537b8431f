import type { FastifyInstance } from 'fastify';
import type { Services, WebUser } from '../../services.ts';
import { sendDone, sendPage, sendRefused } from '../answer.tsx';
import { SignInPage, SignUpPage } from '../pages/sign.tsx';
import { formOf, giveCookie, localPath, queryText, signedIn, takeCookie } from '../request.ts';

interface Way {
  readonly path: '/sign-in' | '/sign-up';
  readonly Page: typeof SignInPage;
  readonly enter: (email: string, password: string, address: string) => Promise<WebUser>;
}

/** Signing up, in and out. */
export function registerAccount(app: FastifyInstance, services: Services): void {
  registerWay(app, services, {
    path: '/sign-up',
    Page: SignUpPage,
    enter: (email, password) => services.signUp(email, password),
  });
  registerWay(app, services, {
    path: '/sign-in',
    Page: SignInPage,
    enter: (email, password, address) => services.signIn(email, password, address),
  });
  app.post('/sign-out', async (request, reply) => {
    const signed = await signedIn(services, request);
    if (signed) await services.closeWebSession(signed.cookie);
    takeCookie(reply);
    return sendDone(request, reply, '/sign-in');
  });
}

function registerWay(app: FastifyInstance, services: Services, { path, Page, enter }: Way): void {
  app.get(path, async (request, reply) => {
    const next = localPath(queryText(request, 'next'));
    if (await signedIn(services, request)) return reply.redirect(next ?? '/credentials', 303);
    return sendPage(reply, <Page next={next} />);
  });
  app.post(path, async (request, reply) => {
    const { email = '', password = '', next: target } = formOf(request);
    const next = localPath(target);
    try {
      const user = await enter(email, password, request.ip);
      giveCookie(reply, await services.openWebSession(user));
    } catch (failure) {
      return sendRefused(request, reply, failure, (error) => (
        <Page next={next} email={email} error={error} />
      ));
    }
    return sendDone(request, reply, next ?? '/credentials');
  });
}
