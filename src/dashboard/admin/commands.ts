import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynscError } from '../../errors.ts';
import { type DashboardConfig, type DashboardOptions, dashboardConfig } from '../config.ts';
import { openEngine, openKeys } from '../open.ts';
import type { Engine } from '../store/engine.ts';
import { migrate } from '../store/migrate.ts';
import { type BackupEnd, type BackupReport, writeBackup } from './backup.ts';
import { type Order, orderFrom } from './control.ts';
import { restoreBackup } from './restore.ts';
import { type VerifyReport, verify } from './verify.ts';

type Place = Pick<DashboardConfig, 'data' | 'databaseUrl' | 'root'>;

/** `synsc dashboard backup`: also while the dashboard runs. A directory gets a file of today. */
export async function backup(
  target: string,
  options: DashboardOptions,
  force: boolean,
): Promise<BackupReport> {
  const place = dashboardConfig(options, process.env);
  const path = await fileOf(resolve(target));
  const report = await withDatabase(place, { do: 'backup', path, force }, (engine) =>
    writeBackup(engine, place.data, path, force),
  );
  return report as BackupReport;
}

/** `synsc dashboard restore`: not while the dashboard runs. */
export function restore(
  path: string,
  options: DashboardOptions,
  force: boolean,
): Promise<BackupEnd> {
  return restoreBackup(resolve(path), dashboardConfig(options, process.env), force);
}

/** `synsc dashboard verify`: also while the dashboard runs. */
export async function check(options: DashboardOptions): Promise<VerifyReport> {
  const place = dashboardConfig(options, process.env);
  const report = await withDatabase(place, { do: 'verify' }, async (engine) =>
    verify(engine, await openKeys(place)),
  );
  return report as VerifyReport;
}

/** `synsc dashboard rotate-key`: also while dashboards run; returns the number of users' keys. */
export async function rotateKey(options: DashboardOptions): Promise<number> {
  const place = dashboardConfig(options, process.env);
  await existing(place);
  const keyring = await openKeys(place);
  return keyring.rotate();
}

/** The database itself; the embedded one of a dashboard that runs is asked by an order. */
async function withDatabase<T>(
  place: Place,
  order: Order,
  body: (engine: Engine) => Promise<T>,
): Promise<unknown> {
  await existing(place);
  let engine: Engine;
  try {
    engine = await openEngine(place, () => undefined);
  } catch (error) {
    const held = error instanceof SynscError && error.code === 'CONFLICT';
    if (!held) throw error;
    return orderFrom(place.data, order);
  }
  try {
    await engine.owner((run) => migrate(run));
    return await body(engine);
  } finally {
    await engine.close();
  }
}

async function existing({ data }: Place): Promise<void> {
  if (await stat(join(data, 'keys')).catch(() => undefined)) return;
  throw new SynscError('NOT_FOUND', `${data} holds no dashboard`, {
    hint: 'name its directory with --data',
  });
}

async function fileOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const day = new Date().toISOString().slice(0, 10);
  return found?.isDirectory() ? join(path, `synsc-backup-${day}.gz`) : path;
}
