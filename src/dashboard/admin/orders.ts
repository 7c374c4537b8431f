import type { Engine } from '../store/engine.ts';
import type { Keyring } from '../store/keyring.ts';
import { type HeadReport, readHead, writeHead } from './auditHead.ts';
import { type BackupReport, writeBackup } from './backup.ts';
import type { Order } from './control.ts';
import { type VerifyReport, verify } from './verify.ts';

/** Carries out one order on a database. `keys`: opened by what needs them. */
export async function carryOut(
  order: Order,
  engine: Engine,
  data: string,
  keys: () => Promise<Keyring>,
): Promise<BackupReport | VerifyReport | HeadReport> {
  switch (order.do) {
    case 'backup':
      return writeBackup(engine, data, order.path, order.force);
    case 'audit-head':
      return writeHead(engine, order.path, order.force);
    case 'verify': {
      const anchors = order.head === undefined ? [] : await readHead(order.head);
      return verify(engine, await keys(), anchors);
    }
  }
}
