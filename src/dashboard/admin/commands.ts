import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynscError } from '../../errors.ts';
import { type DashboardConfig, type DashboardOptions, dashboardConfig } from '../config.ts';
import { openEngine, openKeys } from '../open.ts';
import type { Engine } from '../store/engine.ts';
import { migrate } from '../store/migrate.ts';
import type { HeadReport } from './auditHead.ts';
import type { BackupEnd, BackupReport } from './backup.ts';
import { type Order, orderFrom } from './control.ts';
import { carryOut } from './orders.ts';
import { restoreBackup } from './restore.ts';
import type { VerifyReport } from './verify.ts';

type Place = Pick<DashboardConfig, 'data' | 'databaseUrl' | 'root'>;

/** `synsc dashboard backup`: also while the dashboard runs. A directory gets a file of today. */
export async function backup(
  target: string,
  options: DashboardOptions,
  force: boolean,
): Promise<BackupReport> {
  const place = dashboardConfig(options, process.env);
  const path = await fileOf(resolve(target), (day) => `synsc-backup-${day}.gz`);
  return (await ordered(place, { do: 'backup', path, force })) as BackupReport;
}

/** `synsc dashboard audit-head`: also while the dashboard runs. A directory gets a file of today. */
export async function auditHead(
  target: string,
  options: DashboardOptions,
  force: boolean,
): Promise<HeadReport> {
  const place = dashboardConfig(options, process.env);
  const path = await fileOf(resolve(target), (day) => `synsc-audit-head-${day}.json`);
  return (await ordered(place, { do: 'audit-head', path, force })) as HeadReport;
}

/** `synsc dashboard restore`: not while the dashboard runs. */
export function restore(
  path: string,
  options: DashboardOptions,
  force: boolean,
): Promise<BackupEnd> {
  return restoreBackup(resolve(path), dashboardConfig(options, process.env), force);
}

/** `synsc dashboard verify`: also while the dashboard runs. `head`: a file of `auditHead`. */
export async function check(options: DashboardOptions, head?: string): Promise<VerifyReport> {
  const place = dashboardConfig(options, process.env);
  const file = head === undefined ? {} : { head: resolve(head) };
  return (await ordered(place, { do: 'verify', ...file })) as VerifyReport;
}

/** `synsc dashboard rotate-key`: also while dashboards run; returns the number of users' keys. */
export async function rotateKey(options: DashboardOptions): Promise<number> {
  const place = dashboardConfig(options, process.env);
  await existing(place);
  const keyring = await openKeys(place);
  return keyring.rotate();
}

/** The database itself; the embedded one of a dashboard that runs is asked by an order. */
async function ordered(place: Place, order: Order): Promise<unknown> {
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
    return await carryOut(order, engine, place.data, () => openKeys(place));
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

async function fileOf(path: string, nameOf: (day: string) => string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const day = new Date().toISOString().slice(0, 10);
  return found?.isDirectory() ? join(path, nameOf(day)) : path;
}
