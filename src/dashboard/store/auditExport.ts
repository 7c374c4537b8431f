import type { AuditFilter, WebUser } from '../services.ts';
import type { AuditRow } from './auditRow.ts';
import type { Context } from './context.ts';

type Row = Omit<AuditRow, 'chain' | 'user_id'>;

const columns = [
  ...(['seq', 'at', 'action', 'target', 'outcome', 'address', 'agent'] as const),
  ...(['previous', 'hash'] as const),
];

interface Format {
  readonly head: string;
  readonly row: (row: Row, first: boolean) => string;
  readonly foot: string;
}

const formats: Readonly<Record<'csv' | 'json', Format>> = {
  csv: {
    head: `${columns.join(',')}\r\n`,
    row: (row) => `${columns.map((name) => csvCell(row[name])).join(',')}\r\n`,
    foot: '',
  },
  json: {
    head: '[',
    row: (row, first) =>
      `${first ? '\n' : ',\n'}${JSON.stringify({ ...row, seq: Number(row.seq) })}`,
    foot: '\n]\n',
  },
};

/** The user's own trail, oldest first. It begins with a row that says that it was exported. */
export async function* exportAudit(
  { store }: Context,
  user: WebUser,
  format: 'csv' | 'json',
  { action, since, until }: AuditFilter = {},
): AsyncGenerator<string> {
  const { head, row, foot } = formats[format];
  await store.tx(user.id, (query) => query('addAudit', ['audit.export', format, 'ok', '']));
  yield head;
  let last = '0';
  for (let first = true; ; first = false) {
    const rows = await store.tx(user.id, (query) =>
      query<Row>('auditPage', [action ?? null, since ?? null, until ?? null, last]),
    );
    if (rows.length === 0) break;
    yield rows.map((one, index) => row(one, first && index === 0)).join('');
    last = rows.at(-1)?.seq ?? last;
  }
  yield foot;
}

/** RFC 4180; a cell that a spreadsheet would take for a formula begins with an apostrophe. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
