import { AnchorCheck, type AuditFault, ChainCheck, type Head } from '../store/auditChain.ts';
import { type AuditRow, auditMoment } from '../store/auditRow.ts';
import type { Engine, Run } from '../store/engine.ts';
import { envelope } from '../store/envelope.ts';
import { guard } from '../store/guard.ts';
import { asKeeper, rowsOf } from '../store/keeper.ts';
import type { Keyring } from '../store/keyring.ts';

/** What `synsc dashboard verify` found. */
export interface VerifyReport {
  readonly audit: { readonly rows: number; readonly chains: number };
  readonly faults: readonly AuditFault[];
  /** Stored values, and the credentials of which one does not open. */
  readonly values: number;
  readonly unopened: readonly { user: string; name: string; version: number }[];
}

/**
 * Checks the whole trail, also against ends that its chains had before, and that each stored value
 * opens with its key; changes nothing.
 */
export async function verify(
  engine: Engine,
  keyring: Keyring,
  anchors: readonly Head[] = [],
): Promise<VerifyReport> {
  await engine.owner(guard);
  return asKeeper(engine, async (run) => {
    const anchored = new AnchorCheck(anchors);
    const { rows, chains, faults } = await verifyAudit(run, anchored);
    const { values, unopened } = await verifyValues(run, keyring);
    return { audit: { rows, chains }, faults: [...faults, ...anchored.faults], values, unopened };
  });
}

/** Within a transaction of the keeper. */
export async function verifyAudit(run: Run, anchored?: AnchorCheck): Promise<ChainCheck> {
  const heads = await run(
    `SELECT chain::text, seq::text, encode(hash, 'hex') AS hash FROM priv.audit_heads`,
  );
  const check = new ChainCheck(heads as Head[]);
  const rows = rowsOf<AuditRow>(
    run,
    `SELECT chain::text, seq::text, ${auditMoment} AS at, user_id::text, action, target, outcome,
       address, agent, encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash
     FROM app.audit a ORDER BY a.chain, a.seq`,
  );
  for await (const batch of rows) {
    for (const row of batch) {
      check.add(row);
      anchored?.add(row);
    }
  }
  check.end();
  anchored?.end();
  return check;
}

interface ValueRow {
  user_id: string;
  credential: string;
  provider: string;
  field: string;
  version: number;
  wrapped_key: Uint8Array;
  sealed: Uint8Array;
}

async function verifyValues(run: Run, keyring: Keyring) {
  const unopened: { user: string; name: string; version: number }[] = [];
  let values = 0;
  const rows = rowsOf<ValueRow>(
    run,
    `SELECT f.user_id, c.id AS credential, c.provider, f.name AS field, c.version,
       f.wrapped_key, f.sealed
     FROM app.credential_fields f JOIN app.credentials c ON c.id = f.credential_id`,
  );
  for await (const batch of rows) {
    for (const row of batch) {
      values += 1;
      if (!(await opens(keyring, row))) {
        unopened.push({ user: row.user_id, name: row.field, version: row.version });
      }
    }
  }
  return { values, unopened };
}

function opens(keyring: Keyring, row: ValueRow): Promise<boolean> {
  return envelope(keyring).toOpen(row.user_id, async (box) => {
    try {
      box.open(row, { wrappedKey: row.wrapped_key, sealed: row.sealed }).fill(0);
      return true;
    } catch {
      return false; // why it does not open cannot be told
    }
  });
}
