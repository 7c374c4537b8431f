import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { SynscError } from '../../errors.ts';
import type { Head } from '../store/auditChain.ts';
import type { Engine } from '../store/engine.ts';
import { asKeeper } from '../store/keeper.ts';
import { writeNewFile } from './newFile.ts';
import { verifyAudit } from './verify.ts';

const format = 'synsc-audit-head/1';

/** What was written, with the SHA-256 of the file as `sha256sum` prints it. */
export interface HeadReport {
  readonly path: string;
  readonly chains: number;
  readonly rows: number;
  readonly sha256: string;
}

/**
 * Writes where each chain of the trail ends now, to be kept where nobody who writes to the database
 * can write: later, `verify` shows what of it was taken away or written anew. CONFLICT when the trail
 * is not as it was written.
 */
export async function writeHead(engine: Engine, path: string, force: boolean): Promise<HeadReport> {
  const { check, chains } = await asKeeper(engine, async (run) => {
    const found = await verifyAudit(run);
    const rows = await run(
      `SELECT chain::text, seq::text, encode(hash, 'hex') AS hash FROM priv.audit_heads ORDER BY 1`,
    );
    return { check: found, chains: rows as Head[] };
  });
  if (check.faults.length > 0) {
    throw new SynscError('CONFLICT', 'the audit trail is not as it was written', {
      hint: 'run `synsc dashboard verify`, which says where',
    });
  }
  const text = `${JSON.stringify({ format, at: new Date().toISOString(), chains }, null, 1)}\n`;
  await writeNewFile(path, force, (partial) =>
    writeFile(partial, text, { flag: 'wx', mode: 0o600, flush: true }),
  );
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { path, chains: chains.length, rows: check.rows, sha256 };
}

const shape = z.object({
  format: z.literal(format),
  chains: z.array(
    z.object({
      chain: z.string(),
      seq: z.string().check(z.regex(/^[1-9]\d*$/)),
      hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    }),
  ),
});

/** What such a file holds. USAGE for anything else. */
export async function readHead(path: string): Promise<readonly Head[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SynscError('USAGE', `cannot read ${path}`, { cause, hint: 'check the path' });
  }
  const found = shape.safeParse(parsed(text));
  if (found.success) return found.data.chains;
  throw new SynscError('USAGE', `${path} holds no end of an audit trail`, {
    hint: 'give a file that `synsc dashboard audit-head` wrote',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
