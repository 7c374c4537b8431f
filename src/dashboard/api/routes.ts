import type { FastifyInstance } from 'fastify';
import type * as z from 'zod/mini';
import {
  type SessionStart,
  sessionStart,
  sessionUpdate,
  syncRequest,
} from '../../../protocol/dashboard/sync.ts';
import { SynscError } from '../../errors.ts';
import { findToken } from '../auth/accessTokens.ts';
import { bearerUser, requireBearer } from '../auth/bearer.ts';
import type { Context } from '../store/context.ts';
import type { Store } from '../store/store.ts';
import { isUuid } from '../store/uuid.ts';
import { registerEvents } from './events.ts';
import { status, sync } from './sync.ts';

/** What the command line calls with its bearer token. JSON only. */
export async function registerApi(app: FastifyInstance, context: Context): Promise<void> {
  const { store } = context;
  const find = findToken(store);
  requireBearer(app, find, (request) =>
    request.url.startsWith('/api/cli/sessions') ? 'sessions:write' : 'credentials:read',
  );
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.post('/api/cli/sync', async (request) => {
    const user = bearerUser(request);
    const { session, ...wanted } = read(syncRequest, request.body);
    const answer = await sync(context, user, wanted);
    const records = session !== undefined && user.scopes.includes('sessions:write');
    return records ? { ...answer, session: await startSession(store, user.id, session) } : answer;
  });
  app.get('/api/cli/status', async (request) => status(context, bearerUser(request)));
  registerEvents(app, context, find);
  app.post('/api/cli/sessions', async (request) => {
    const start = read(sessionStart, request.body);
    return startSession(store, bearerUser(request).id, start);
  });
  app.patch<{ Params: { id: string } }>('/api/cli/sessions/:id', async (request) => {
    const { id } = request.params;
    const update = read(sessionUpdate, request.body);
    const rows = !isUuid(id)
      ? []
      : await store.one(bearerUser(request).id, 'updateSession', [
          id,
          update.ended ?? false,
          count(update.commands),
          count(update.redactions),
          update.credentialsUsed ?? null,
          update.auditHead ?? null,
        ]);
    if (rows.length === 0) throw new SynscError('NOT_FOUND', 'no such session');
    return {};
  });
}

async function startSession(
  store: Store,
  user: string,
  { label, directory, hostname }: SessionStart,
): Promise<{ id: string | undefined }> {
  const wanted = [label ?? null, directory, hostname];
  const [row] = await store.one<{ id: string }>(user, 'startSession', wanted);
  return { id: row?.id };
}

/** The body in its shape; INVALID_PARAMS names the first field that is wrong. */
function read<T>(schema: z.ZodMiniType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') ?? '';
  throw new SynscError('INVALID_PARAMS', `${field || 'body'} is missing or has the wrong form`, {
    field,
    hint: 'send one JSON object as content-type application/json',
  });
}

/** A counter as the database holds it; null leaves it as it is. */
function count(value: number | undefined): number | null {
  return value === undefined ? null : Math.min(Math.floor(value), 2 ** 31 - 1);
}
