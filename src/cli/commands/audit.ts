import type { SynscClient } from '../../../protocol/client.ts';
import { auditHolds } from '../../../protocol/session/audit.ts';
import type { AuditEntry } from '../../../protocol/session/auditEntry.ts';
import { printJson } from '../print.ts';
import { ask } from './ask.ts';

/** `synsc audit`: prints what happened in the session; 1 when the chain does not hold. */
export async function audit({ json }: { readonly json?: boolean }): Promise<number> {
  const { answer } = await ask(chain);
  const holds = auditHolds(answer.entries, answer.head);
  if (json) printJson({ ...answer, holds });
  else {
    for (const entry of answer.entries) process.stdout.write(`${line(entry)}\n`);
    const verdict = holds ? 'the chain holds' : 'the chain is broken: do not trust it';
    process.stderr.write(`${verdict}; head ${answer.head}\n`);
  }
  return holds ? 0 : 1;
}

/** All that is kept; the session goes on meanwhile, so the last answer's head counts. */
async function chain(session: SynscClient): Promise<{ entries: AuditEntry[]; head: string }> {
  const entries: AuditEntry[] = [];
  for (;;) {
    const fromSequence = (entries.at(-1)?.sequence ?? -1) + 1;
    const { entries: more, head } = await session.call('audit', { fromSequence });
    entries.push(...more);
    if (more.length === 0 || more.at(-1)?.hash === head) return { entries, head };
  }
}

function line({ sequence, time, event, ...entry }: AuditEntry): string {
  const words = [
    entry.program,
    entry.arguments,
    entry.given?.length ? `given ${entry.given.join(', ')}` : undefined,
    entry.withheld?.length ? `withheld ${entry.withheld.join(', ')}` : undefined,
    entry.names?.length ? entry.names.join(', ') : undefined,
    entry.rule && `rule ${entry.rule}`,
    entry.outcome,
    entry.redactions ? `${entry.redactions} redacted` : undefined,
    entry.processId && `process ${entry.processId.slice(0, 8)}`,
  ];
  const said = words.filter((word) => word !== undefined && word !== '').join('; ');
  return `${String(sequence).padStart(4)}  ${time}  ${event.padEnd(13)}  ${said}`;
}
