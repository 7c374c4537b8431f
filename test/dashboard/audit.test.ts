import { createHash, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateSealingKeys } from '../../protocol/dashboard/sealing.ts';
import { readHead, writeHead } from '../../src/dashboard/admin/auditHead.ts';
import { verify, verifyAudit } from '../../src/dashboard/admin/verify.ts';
import { sync } from '../../src/dashboard/api/sync.ts';
import { AnchorCheck, type AuditFault } from '../../src/dashboard/store/auditChain.ts';
import { auditHash } from '../../src/dashboard/store/auditRow.ts';
import { credentials } from '../../src/dashboard/store/credentials.ts';
import { deleteAccount } from '../../src/dashboard/store/deletion.ts';
import type { Run } from '../../src/dashboard/store/engine.ts';
import { withOrigin } from '../../src/dashboard/store/origin.ts';
import { records } from '../../src/dashboard/store/records.ts';
import { startTestDashboard } from '../support/dashboard.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const value = (mark: string) => `hf_SENTINELsentinelSENTINEL${mark}`;
const browser = { address: '192.0.2.7', agent: 'Browser/1.0 (quoted "name", comma)' };
const publicKey = () => generateSealingKeys().publicKey;

describe.each(databases)('the audit trail on %s', (database) => {
  const [alice, bob] = [randomUUID(), randomUUID()];
  const user = { id: alice, email: `${alice}@example.org` };
  let it: TestStore;

  beforeAll(async () => {
    it = await openTestStore(database);
    for (const id of [alice, bob]) await it.addUser(id);
    await withOrigin(browser, async () => {
      for (const mark of ['0001', '0002', '0003']) {
        await credentials(it).saveCredential(user, 'huggingface', { HF_TOKEN: value(mark) });
      }
      // numbers of two digits, which come after those of one
      for (let count = 0; count < 12; count += 1) {
        await it.store.tx(alice, (query) => query('addAudit', ['filler', '', 'ok', '']));
      }
      await it.store.tx(null, (query) => query('note', [bob, 'account.sign-in', 'b', 'ok', '']));
      await it.store.tx(null, (query) => query('note', [null, 'device.request', 'x', 'ok', '']));
    });
  });
  afterAll(() => it?.close());

  const rows = () => records(it).audit(user);

  test('says what was synced, in names and versions, and by which machine', async () => {
    await withOrigin({ address: '198.51.100.1', agent: 'synsc/0.1.0' }, () =>
      sync(it, { ...user, version: 0, device: 'laptop' }, { publicKey: publicKey() }),
    );
    const [last] = await rows();
    expect(last).toMatchObject({
      ...{ action: 'sync', target: 'laptop', outcome: 'HF_TOKEN v3' },
      ...{ address: '198.51.100.1', agent: 'synsc/0.1.0' },
    });
    const [slot] = (await credentials(it).credentials(user)).filter(({ version }) => version > 0);
    expect(slot?.lastSync).toMatchObject({ device: 'laptop' });
  });

  test('keeps apart what many tell at once: whose it is, from where, and in which order', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => it.addUser(randomUUID())));
    const tellers = ids.flatMap((id, index) => [0, 1].map((turn) => ({ id, index, turn })));
    await Promise.all(
      tellers.map(({ id, index, turn }) =>
        withOrigin({ address: `192.0.2.${index}`, agent: `agent ${index}` }, () =>
          it.store.note({ user: id, action: 'filler', target: `${turn}`, outcome: 'ok' }),
        ),
      ),
    );
    for (const [index, id] of ids.entries()) {
      const told = await records(it).audit({ id, email: '' });
      const from = { address: `192.0.2.${index}`, agent: `agent ${index}` };
      expect(told).toMatchObject([
        { target: '1', ...from },
        { target: '0', ...from },
      ]);
    }
  });

  test('is read page by page', async () => {
    const newest = await rows();
    const third = newest[2];
    const older = await records(it).audit(user, { before: third?.seq });
    expect(older).toEqual(newest.slice(3));
    expect(Number(older[0]?.seq)).toBe(Number(third?.seq) - 1);
  });

  test('says from where each change came', async () => {
    const changes = await records(it).audit(user, { action: 'credential.set' });
    expect(changes.map(({ outcome }) => outcome)).toEqual(['version 3', 'version 2', 'version 1']);
    for (const change of changes) expect(change).toMatchObject(browser);
  });

  test('stands up to a check', async () => {
    const { audit, faults, values, unopened } = await verify(it.engine, it.keyring);
    expect(audit.chains).toBe(9);
    expect(audit.rows).toBeGreaterThanOrEqual(6);
    expect({ faults, values, unopened }).toEqual({ faults: [], values: 1, unopened: [] });
  });

  test.each([`UPDATE app.audit SET outcome = 'x'`, 'DELETE FROM app.audit', 'TRUNCATE app.audit'])(
    'refuses its owner: %s',
    async (sql) => {
      const changed = it.engine.owner((run) => run(sql));
      await expect(changed).rejects.toThrow('append-only');
    },
  );

  test('takes no row with a hash of its writer’s own', async () => {
    const forged = it.engine.owner(async (run) => {
      await run('SET LOCAL ROLE synsc_authn');
      await run(`INSERT INTO app.audit (user_id, action, target, outcome, address, hash)
        VALUES ('${alice}', 'x', 'x', 'x', 'x', '\\x00')`);
    });
    await expect(forged).rejects.toMatchObject({ code: '42501' });
  });

  /** What the check finds after `sql` was run by somebody who may do everything. */
  const foundIn = async (
    script: readonly string[],
    anchored?: AnchorCheck,
  ): Promise<AuditFault[]> => {
    let faults: AuditFault[] = [];
    const undo = new Error('undo');
    const done = it.engine.owner(async (run: Run) => {
      await run('ALTER TABLE app.audit DISABLE TRIGGER USER');
      for (const sql of script) await run(sql);
      await run('SET LOCAL ROLE synsc_keeper');
      faults = (await verifyAudit(run, anchored)).faults;
      throw undo;
    });
    await expect(done).rejects.toBe(undo);
    return faults;
  };
  const foundAfter = (...script: string[]) => foundIn(script);

  const own = `chain = '${alice}'`;
  const last = `(SELECT max(seq) FROM app.audit WHERE ${own})`;
  test.each([
    [
      'a word',
      `UPDATE app.audit SET outcome = 'version 9' WHERE ${own} AND seq = 2`,
      '2',
      'changed',
    ],
    [
      'a time',
      `UPDATE app.audit SET at = at - interval '0.000001 s' WHERE ${own} AND seq = 1`,
      '1',
      'changed',
    ],
    ['an address', `UPDATE app.audit SET address = '' WHERE ${own} AND seq = 3`, '3', 'changed'],
    ['a client', `UPDATE app.audit SET agent = '' WHERE ${own} AND seq = 3`, '3', 'changed'],
    [
      'whose it is',
      `UPDATE app.audit SET user_id = '${bob}' WHERE ${own} AND seq = 2`,
      '2',
      'changed',
    ],
    ['a row', `DELETE FROM app.audit WHERE ${own} AND seq = 2`, '2', 'missing'],
    ['the first row', `DELETE FROM app.audit WHERE ${own} AND seq = 1`, '1', 'missing'],
    ['all rows of a user', `DELETE FROM app.audit WHERE ${own}`, '1', 'cut off'],
  ])('shows that somebody took or changed %s', async (_what, sql, seq, what) => {
    expect(await foundAfter(sql)).toEqual([{ chain: alice, seq, what }]);
  });

  test('shows that its end was cut off, also when the head was set back', async () => {
    const cut = `DELETE FROM app.audit WHERE ${own} AND seq = ${last}`;
    expect(await foundAfter(cut)).toMatchObject([{ chain: alice, what: 'cut off' }]);
    const head = `DELETE FROM priv.audit_heads WHERE ${own}`;
    expect(await foundAfter(cut, head)).toMatchObject([{ chain: alice, what: 'added' }]);
  });

  test('shows a changed row whose own hash was made to fit', async () => {
    const refit = `UPDATE app.audit SET outcome = 'version 9' WHERE ${own} AND seq = 2;
      UPDATE app.audit a SET hash = auth.audit_hash(a) WHERE ${own} AND seq = 2`;
    expect(await foundAfter(refit)).toEqual([{ chain: alice, seq: '3', what: 'not linked' }]);
  });

  describe('against a file of its ends that was kept elsewhere', () => {
    let file: string;
    beforeAll(async () => {
      file = join(it.directory, 'heads.json');
      await writeHead(it.engine, file, false);
      for (const id of [alice, bob]) {
        await it.store.tx(id, (query) => query('addAudit', ['later', '', 'ok', '']));
      }
    });

    /** Faults against the file alone, after `sql`. */
    const foundAgainst = async (...script: string[]) => {
      const anchored = new AnchorCheck(await readHead(file));
      const faults = await foundIn(script, anchored);
      return { faults, anchored: anchored.faults };
    };

    test('it stands up to the check, with what came later', async () => {
      expect(await foundAgainst()).toEqual({ faults: [], anchored: [] });
      const { faults } = await verify(it.engine, it.keyring, await readHead(file));
      expect(faults).toEqual([]);
    });

    test('a chain that was cut off with its head shows', async () => {
      const cut = `DELETE FROM app.audit WHERE ${own} AND seq > 5;
        UPDATE priv.audit_heads h SET seq = a.seq, hash = a.hash
        FROM app.audit a WHERE a.${own} AND a.seq = 5 AND h.chain = a.chain`;
      const { faults, anchored } = await foundAgainst(cut);
      expect(faults).toEqual([]);
      expect(anchored).toMatchObject([{ chain: alice, what: 'cut off' }]);
    });

    test('a chain that was taken away with its head shows', async () => {
      const away = `DELETE FROM app.audit WHERE ${own}; DELETE FROM priv.audit_heads WHERE ${own}`;
      const { faults, anchored } = await foundAgainst(away);
      expect(faults).toEqual([]);
      expect(anchored).toMatchObject([{ chain: alice, what: 'cut off' }]);
    });

    test('a chain that was written anew as a whole shows', async () => {
      const anew = `UPDATE app.audit SET outcome = 'forged' WHERE ${own} AND seq = 2;
        DO $$ DECLARE r app.audit; p bytea := sha256(''); BEGIN
          FOR r IN SELECT * FROM app.audit WHERE ${own} ORDER BY seq LOOP
            r.previous := p; p := auth.audit_hash(r);
            UPDATE app.audit SET previous = r.previous, hash = p WHERE id = r.id;
          END LOOP;
          UPDATE priv.audit_heads SET hash = p WHERE ${own};
        END $$`;
      const { faults, anchored } = await foundAgainst(anew);
      expect(faults).toEqual([]);
      expect(anchored).toMatchObject([{ chain: alice, what: 'written anew' }]);
    });

    test('a file is not overwritten, and another kind of file refused', async () => {
      const again = writeHead(it.engine, file, false);
      await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
      const other = join(it.directory, 'other.json');
      await writeFile(other, '{"format":"other"}');
      await expect(readHead(other)).rejects.toMatchObject({ code: 'USAGE' });
      await expect(readHead(join(it.directory, 'none'))).rejects.toMatchObject({ code: 'USAGE' });
    });
  });

  test('can be taken along as JSON, by which anybody can check its links', async () => {
    const text = await read(records(it).exportAudit(user, 'json'));
    const exported = JSON.parse(text) as Record<string, string>[];
    let previous = createHash('sha256').digest('hex');
    for (const row of exported) {
      expect(row.previous).toBe(previous);
      const full = { ...row, seq: String(row.seq), chain: alice, user_id: alice };
      expect(auditHash(full as unknown as Parameters<typeof auditHash>[0])).toBe(row.hash);
      previous = row.hash ?? '';
    }
    expect(exported.at(-1)).toMatchObject({ action: 'audit.export', target: 'json' });
    expect(text).not.toContain('SENTINEL');
  });

  test('can be taken along as CSV that no spreadsheet takes for formulas', async () => {
    await it.store.tx(alice, (query) => query('addAudit', ['test', '=1+1', 'a "b", c', '']));
    const text = await read(records(it).exportAudit(user, 'csv', { action: 'test' }));
    const [head, row, ...rest] = text.split('\r\n');
    expect(head).toBe('seq,at,action,target,outcome,address,agent,previous,hash');
    expect(row).toMatch(/^\d+,[^,]+Z,test,'=1\+1,"a ""b"", c",,,[0-9a-f]{64},[0-9a-f]{64}$/);
    expect(rest).toEqual(['']);
  });

  test('exports nothing of somebody else', async () => {
    const other = await read(records(it).exportAudit({ id: bob, email: 'b' }, 'csv'));
    expect(other).toContain('account.sign-in');
    expect(other).not.toContain('credential.set');
  });

  test.each([
    [
      'swapped with another user’s',
      `UPDATE app.credential_fields f SET sealed = o.sealed, wrapped_key = o.wrapped_key
       FROM app.credential_fields o WHERE f.user_id = '${bob}' AND o.user_id = '${alice}'`,
    ],
    [
      'flipped in one bit',
      `UPDATE app.credential_fields SET sealed = set_bit(sealed, 100, 1 - get_bit(sealed, 100))
       WHERE user_id = '${bob}'`,
    ],
    [
      'replayed from an older version',
      `UPDATE app.credential_fields SET sealed = (SELECT sealed FROM public.older),
         wrapped_key = (SELECT wrapped_key FROM public.older) WHERE user_id = '${bob}'`,
    ],
  ])('knows of a value that was %s, and nobody gets it', async (_how, tamper) => {
    const other = { id: bob, email: `${bob}@example.org`, version: 0 };
    await credentials(it).saveCredential(other, 'huggingface', { HF_TOKEN: value('0008') });
    await it.engine.owner((run) =>
      run(`DROP TABLE IF EXISTS public.older; CREATE TABLE public.older AS
        SELECT sealed, wrapped_key FROM app.credential_fields WHERE user_id = '${bob}'`),
    );
    await credentials(it).saveCredential(other, 'huggingface', { HF_TOKEN: value('0009') });
    await it.engine.owner((run) => run(tamper));
    const taken = sync(it, other, { publicKey: publicKey() });
    await expect(taken).rejects.toMatchObject({
      code: 'SYNC_FAILED',
      message: expect.stringContaining('HF_TOKEN'),
    });
    const [refused, before] = await records(it).audit(other);
    expect(refused).toMatchObject({ action: 'credential.refused' });
    expect(before).not.toMatchObject({ action: 'sync' });
    const { unopened } = await verify(it.engine, it.keyring);
    expect(unopened).toMatchObject([{ user: bob, name: 'HF_TOKEN' }]);
  });

  test('outlives the account, of which nothing else is left', async () => {
    const gone = await it.addUser(randomUUID());
    const account = { id: gone, email: `${gone}@example.org` };
    await credentials(it).saveCredential(account, 'huggingface', { HF_TOKEN: value('0010') });
    expect(await it.keyring.users()).toContain(gone);
    await deleteAccount(it, gone);
    expect(await it.keyring.users()).not.toContain(gone);
    const left = await it.engine.owner(async (run) => {
      await run('SET LOCAL ROLE synsc_keeper');
      return run(`SELECT action FROM app.audit WHERE user_id = '${gone}' ORDER BY id DESC`);
    });
    expect(left[0]).toEqual({ action: 'account.delete' });
    const fields = await it.engine.owner(async (run) => {
      await run('SET LOCAL ROLE synsc_keeper');
      return run(`SELECT 1 FROM app.credential_fields WHERE user_id = '${gone}'`);
    });
    expect(fields).toEqual([]);
  });
});

describe.runIf(databases.includes('postgres'))('requests', () => {
  test('leave their address and client in the trail', async () => {
    const dashboard = await startTestDashboard({ database: 'postgres' });
    const client = new pg.Client(dashboard.databaseUrl);
    try {
      await client.connect();
      const cookie = await dashboard.signUp('carol@example.org');
      await dashboard.ask('/oauth/device_authorization', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'synsc/0.1.0 (test\u00e9)',
        },
        body: 'client_id=synsc-cli',
      });
      await dashboard.putCredential(cookie, 'huggingface', { HF_TOKEN: value('0011') });
      const { rows } = await client.query('SELECT action, address, agent FROM app.audit');
      const actions = rows.map(({ action }) => action);
      expect(actions).toEqual(expect.arrayContaining(['device.request', 'credential.set']));
      for (const { action, address } of rows) {
        expect(address, action).toMatch(/^(::1|127\.0\.0\.1|::ffff:127\.0\.0\.1)$/);
      }
      const request = rows.find(({ action }) => action === 'device.request');
      expect(request.agent).toContain('synsc/0.1.0');
    } finally {
      await client.end();
      await dashboard.close();
    }
  });
});

async function read(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}
