import { describe, expect, test } from 'vitest';
import { auditHash, auditHolds } from '../../protocol/session/audit.ts';
import type { AuditEntry } from '../../protocol/session/auditEntry.ts';
import { Audit } from '../../src/supervisor/session/audit.ts';

function chain(): { entries: AuditEntry[]; head: string } {
  const audit = new Audit();
  audit.note({ event: 'sync', names: ['HF_TOKEN'], outcome: 'synced' });
  audit.note({ event: 'authorization', names: ['HF_TOKEN'], outcome: 'denied' });
  audit.note({ event: 'decision', program: 'aws', rule: 'aws-cli', given: ['AWS_ACCESS_KEY_ID'] });
  return { entries: audit.from(0, 100), head: audit.head };
}

describe('the chain', () => {
  test('holds as it was written, also from the middle and through JSON', () => {
    const { entries, head } = JSON.parse(JSON.stringify(chain())) as ReturnType<typeof chain>;
    expect(entries.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(auditHolds(entries, head)).toBe(true);
    expect(auditHolds(entries.slice(2), head)).toBe(true);
  });

  test.each<[string, (entries: AuditEntry[]) => AuditEntry[]]>([
    ['a name is changed', (all) => all.with(1, { ...at(all, 1), names: ['WANDB_API_KEY'] })],
    ['an outcome is changed', (all) => all.with(2, { ...at(all, 2), outcome: 'approved' })],
    ['a time is changed', (all) => all.with(0, { ...at(all, 0), time: '2020-01-01T00:00:00Z' })],
    ['a field is added', (all) => all.with(1, { ...at(all, 1), redactions: 0 })],
    ['one is left out', (all) => [...all.slice(0, 1), ...all.slice(2)]],
    ['two change places', (all) => [at(all, 0), at(all, 2), at(all, 1), at(all, 3)]],
    ['the last is left out', (all) => all.slice(0, -1)],
    ['the first is written anew', (all) => all.with(0, rehashed({ ...at(all, 0), outcome: 'x' }))],
    ['the last is written anew', (all) => all.with(3, rehashed({ ...at(all, 3), rule: 'x' }))],
    ['nothing is left', () => []],
  ])('does not hold when %s', (_says, change) => {
    const { entries, head } = chain();
    expect(auditHolds(change(entries), head)).toBe(false);
  });

  test('keeps the last 5,000 entries of a long session, which still hold', () => {
    const audit = new Audit();
    for (let at = 0; at < 6_000; at += 1) audit.note({ event: 'sync', outcome: String(at) });
    const entries = audit.from(0, 10_000);
    expect(entries).toHaveLength(5_000);
    expect(auditHolds(entries, audit.head)).toBe(true);
    expect(audit.from(5_999, 500).map(({ sequence }) => sequence)).toEqual([5_999, 6_000]);
  });
});

function at(entries: readonly AuditEntry[], index: number): AuditEntry {
  return entries[index] as AuditEntry;
}

function rehashed(entry: AuditEntry): AuditEntry {
  return { ...entry, hash: auditHash(entry) };
}
