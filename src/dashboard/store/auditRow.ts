import { createHash } from 'node:crypto';

/** A time as the hash of a row takes it: UTC, in microseconds. */
export const auditMoment = `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** A row of the trail as it is chained, in text. */
export interface AuditRow {
  readonly chain: string;
  readonly seq: string;
  readonly at: string;
  readonly user_id: string | null;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly address: string;
  readonly agent: string;
  /** Hex. */
  readonly previous: string;
  readonly hash: string;
}

/** `previous` of the first row of a chain. */
export const firstLink = createHash('sha256').digest('hex');

/**
 * The hash of a row, hex: SHA-256 of the previous hash (32 bytes) and of the row's values, each as
 * `<bytes>:<text>`, a null as `-`, joined by commas. The database makes it in `auth.audit_hash`.
 */
export function auditHash(row: Omit<AuditRow, 'hash'>): string {
  const values = [row.chain, row.seq, row.at, row.user_id, row.action, row.target, row.outcome];
  const text = [...values, row.address, row.agent]
    .map((value) => (value === null ? '-' : `${Buffer.byteLength(value)}:${value}`))
    .join(',');
  return createHash('sha256').update(Buffer.from(row.previous, 'hex')).update(text).digest('hex');
}
