import { type AuditRow, auditHash, firstLink } from './auditRow.ts';

/** The last link of a chain as it should be. */
export interface Head {
  readonly chain: string;
  readonly seq: string;
  /** Hex. */
  readonly hash: string;
}

/** A place at which the trail is not as it was written. */
export interface AuditFault {
  readonly chain: string;
  readonly seq: string;
  readonly what: 'changed' | 'missing' | 'not linked' | 'cut off' | 'added' | 'written anew';
}

/**
 * Compares rows, as they come, with ends that the chains had at an earlier time: what is linked well
 * by itself may have been cut off, or written anew as a whole.
 */
export class AnchorCheck {
  readonly faults: AuditFault[] = [];
  readonly #open: Map<string, Head>;

  constructor(anchors: readonly Head[]) {
    this.#open = new Map(anchors.map((anchor) => [anchor.chain, anchor]));
  }

  add({ chain, seq, hash }: AuditRow): void {
    const anchor = this.#open.get(chain);
    if (anchor?.seq !== seq) return;
    this.#open.delete(chain);
    if (anchor.hash !== hash) this.faults.push({ chain, seq, what: 'written anew' });
  }

  /** After the last row. */
  end(): void {
    for (const { chain, seq } of this.#open.values()) {
      this.faults.push({ chain, seq, what: 'cut off' });
    }
  }
}

/** Checks rows as they come, ordered by chain and number; of each chain the first fault counts. */
export class ChainCheck {
  readonly faults: AuditFault[] = [];
  rows = 0;
  chains = 0;
  readonly #heads: Map<string, Head>;
  #last: Head = { chain: '', seq: '0', hash: firstLink };
  #broken = false;

  constructor(heads: readonly Head[]) {
    this.#heads = new Map(heads.map((head) => [head.chain, head]));
  }

  add(row: AuditRow): void {
    if (row.chain !== this.#last.chain) this.#begin(row.chain);
    this.rows += 1;
    if (!this.#broken) this.#check(row);
    this.#last = { chain: row.chain, seq: row.seq, hash: row.hash };
  }

  /** After the last row: chains of which nothing is left. */
  end(): void {
    this.#endChain();
    for (const { chain } of this.#heads.values()) this.#fault(chain, '1', 'cut off');
  }

  #begin(chain: string): void {
    this.#endChain();
    this.chains += 1;
    this.#broken = false;
    this.#last = { chain, seq: '0', hash: firstLink };
  }

  #check(row: AuditRow): void {
    const { chain, seq, hash } = this.#last;
    const expected = String(BigInt(seq) + 1n);
    if (row.seq !== expected) this.#fault(chain, expected, 'missing');
    else if (row.previous !== hash) this.#fault(chain, row.seq, 'not linked');
    else if (row.hash !== auditHash(row)) this.#fault(chain, row.seq, 'changed');
  }

  #endChain(): void {
    const { chain, seq, hash } = this.#last;
    if (chain === '') return;
    const head = this.#heads.get(chain);
    this.#heads.delete(chain);
    if (this.#broken) return;
    if (head === undefined || BigInt(head.seq) < BigInt(seq)) this.#fault(chain, seq, 'added');
    else if (head.seq !== seq) this.#fault(chain, String(BigInt(seq) + 1n), 'cut off');
    else if (head.hash !== hash) this.#fault(chain, seq, 'changed');
  }

  #fault(chain: string, seq: string, what: AuditFault['what']): void {
    this.#broken = true;
    this.faults.push({ chain, seq, what });
  }
}
