import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { type Logger, pino } from 'pino';
import { faultOf } from '../log.ts';
import { Scope } from '../scope.ts';
import { serveControl } from './admin/control.ts';
import { carryOut } from './admin/orders.ts';
import { buildApp, tlsOptions } from './app.ts';
import { accounts } from './auth/accounts.ts';
import { approval } from './auth/approval.ts';
import { machines } from './auth/machines.ts';
import { passkeys } from './auth/passkeys.ts';
import { webSessions } from './auth/webSessions.ts';
import { followCertificates, openCertificates } from './certificates.ts';
import { type DashboardConfig, type DashboardOptions, dashboardConfig } from './config.ts';
import { openEngine, openKeys } from './open.ts';
import type { Services } from './services.ts';
import { openChanges } from './store/changes.ts';
import type { Context } from './store/context.ts';
import { credentials } from './store/credentials.ts';
import { deleteAccount, shredOrphans } from './store/deletion.ts';
import type { Engine } from './store/engine.ts';
import { envelope } from './store/envelope.ts';
import type { Keyring } from './store/keyring.ts';
import { records } from './store/records.ts';
import { openStore } from './store/store.ts';
import type { Tls } from './tls.ts';

export interface Dashboard {
  readonly url: string;
  readonly caSha256: string;
  readonly caCertificate: string;
  close(): Promise<void>;
}

/** Opens keys, database and listener; resolves once connections are accepted. */
export async function startDashboard(config: DashboardConfig): Promise<Dashboard> {
  const scope = new Scope();
  try {
    return await open(config, scope);
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function open(config: DashboardConfig, scope: Scope): Promise<Dashboard> {
  const serializers = { err: faultOf };
  const logger = pino({ level: 'warn', serializers }, pino.destination({ fd: 2, sync: true }));
  const context = await openContext(config, scope, logger);
  let tls = await openCertificates(config);
  const url = { main: '' };
  const baseUrl = (request: FastifyRequest) =>
    tls.covers(request.hostname) ? `https://${request.host}` : url.main;
  const services = servicesOf(context);
  const app = await buildApp({ services, context, logger, tls, baseUrl });
  scope.defer(() => app.close());
  await app.listen({ host: config.host, port: config.port });
  const show = (next: Tls) => {
    const { certificate: cert, key } = next;
    (app.server as unknown as Server).setSecureContext({ ...tlsOptions, cert, key });
    tls = next;
  };
  scope.defer(followCertificates(config, tls, show, logger));
  const { port } = app.server.address() as AddressInfo;
  url.main = new URL(`https://${bracketed(mainName(config, tls))}:${port}`).origin;
  const { caSha256, caCertificate } = tls;
  return { url: url.main, caSha256, caCertificate, close: () => scope.close() };
}

/** Database and keys, checked and ready. */
async function openContext(
  config: DashboardConfig,
  scope: Scope,
  logger: Logger,
): Promise<Context> {
  const engine = await openEngine(config, (error) =>
    logger.warn({ fault: codeOf(error) }, 'a database connection broke'),
  );
  scope.defer(() => engine.close());
  const keyring = await openKeys(config);
  const store = await openStore(engine, keyring.secret);
  const { codeLifetime, pollInterval } = config;
  const context: Context = {
    ...{ store, keyring, envelope: envelope(keyring), changes: await openChanges(store) },
    ...{ codeLifetime, pollInterval },
  };
  await shredOrphans(context);
  scope.defer(await serveOrders(config, engine, keyring));
  return context;
}

function servicesOf(context: Context): Services {
  return {
    ...accounts(context),
    deleteAccount: (user) => deleteAccount(context, user.id),
    ...webSessions(context),
    ...passkeys(context),
    ...approval(context),
    ...machines(context),
    ...credentials(context),
    ...records(context),
  };
}

/** The name to call it by: of a public certificate its own first one, where `host` is none of it. */
function mainName({ host, names = [] }: DashboardConfig, tls: Tls): string {
  const [first] = names;
  return first ?? (tls.covers(host) ? host : (tls.names[0] ?? host));
}

/** The embedded database is this process's alone: it works for the commands that need it. */
async function serveOrders(config: DashboardConfig, engine: Engine, keyring: Keyring) {
  if (engine.shared) return async () => undefined;
  return serveControl(config.data, (order) =>
    carryOut(order, engine, config.data, async () => keyring),
  );
}

/** A database's message may quote a value. */
function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `synsc dashboard`: serves until SIGTERM or SIGINT, then exits 0. */
export async function runDashboard(options: DashboardOptions): Promise<void> {
  const config = dashboardConfig(options, process.env);
  if (!config.databaseUrl) {
    process.stderr.write(
      'embedded database: survives a crash, not a power cut; for PostgreSQL use --database-url URL\n',
    );
  }
  const asked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  const dashboard = await startDashboard(config);
  const { url, caSha256 } = dashboard;
  if (config.json) {
    process.stdout.write(`${JSON.stringify({ url, caSha256, pid: process.pid })}\n`);
  } else {
    process.stderr.write(`dashboard: ${url}\nca sha256: ${caSha256}\n`);
    if (config.certificate)
      process.stderr.write(`certificate: ${config.certificate.certificate}\n`);
  }
  await asked;
  // The database may hang on a lost network: the promise is 5 seconds.
  setTimeout(() => process.exit(0), 4000).unref();
  await dashboard.close();
  process.exit(0);
}
