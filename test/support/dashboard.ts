import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DashboardConfig } from '../../src/dashboard/config.ts';
import { type Dashboard, startDashboard } from '../../src/dashboard/main.ts';
import { clientOf, type TestClient } from './client.ts';
import { copyDatabase } from './embedded.ts';
import { startPostgres } from './postgres.ts';

/** A dashboard on a free port with its data in a temporary directory. */
export interface TestDashboard extends Dashboard, TestClient {
  readonly data: string;
  /** Of PostgreSQL, as its superuser. */
  readonly databaseUrl: string | undefined;
}

export async function startTestDashboard(options: {
  database: 'pglite' | 'postgres';
  config?: Partial<DashboardConfig>;
}): Promise<TestDashboard> {
  const data = await mkdtemp(join(tmpdir(), 'synsc-dashboard-'));
  const postgres = options.database === 'postgres' ? await startPostgres() : undefined;
  if (!postgres) await copyDatabase(data);
  const dashboard = await startDashboard({
    ...{ host: 'localhost', port: 0, data, json: false, codeLifetime: 900, pollInterval: 5 },
    databaseUrl: postgres?.url,
    ...options.config,
  });
  return {
    ...dashboard,
    ...clientOf(dashboard),
    data,
    databaseUrl: postgres?.url,
    async close() {
      await dashboard.close();
      await postgres?.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
