import type { VNode } from 'preact';
import { catalog } from '../../../provider/catalog.ts';
import type { AuditEntry } from '../../services.ts';
import { browserName } from '../browser.ts';
import { Document } from '../document.tsx';
import { Age } from '../time.tsx';
import { Empty, Intro, Table } from './table.tsx';

/** The actions that the dashboard records, in words, in groups as people look for them. */
const groups: readonly (readonly [title: string, actions: Readonly<Record<string, string>>])[] = [
  [
    'Account',
    {
      'account.create': 'Account created',
      'account.sign-in': 'Sign-in',
      'account.proof': 'Password asked for again',
      'account.password': 'Password changed',
      'account.sign-out': 'Browsers signed out',
      'account.delete': 'Account deleted',
      'passkey.add': 'Passkey added',
      'passkey.delete': 'Passkey removed',
    },
  ],
  [
    'Credentials',
    {
      'credential.set': 'Credential saved',
      'credential.delete': 'Credential deleted',
      'credential.refused': 'Stored value did not open',
      sync: 'Credentials synced',
    },
  ],
  [
    'Machines',
    {
      'device.request': 'Machine asked',
      'device.approve': 'Machine approved',
      'device.deny': 'Machine denied',
      'token.issue': 'Machine signed in',
      'token.refresh': 'Token renewed',
      'token.reuse': 'Token used twice',
      'token.revoke': 'Machine signed out',
    },
  ],
  ['Audit', { 'audit.export': 'Audit log exported' }],
];

const words = new Map(groups.flatMap(([, actions]) => Object.entries(actions)));

/** Outcomes that somebody should look at. */
const alarming = /refused|twice|signed out|does not open/;

/** The filter as it stands in the address. */
export interface AuditAsked {
  readonly action: string;
  readonly since: string;
  readonly until: string;
  /** Entries before this one. */
  readonly before: string;
}

export interface AuditProps {
  readonly email: string;
  readonly entries: readonly AuditEntry[];
  readonly asked: AuditAsked;
  readonly now: Date;
}

/** What happened in the account, newest first; entries never hold a value. */
export function AuditPage({ email, entries, asked, now }: AuditProps): VNode {
  const filtered = Object.values(asked).some((text) => text !== '');
  return (
    <Document title="Audit" email={email} section="audit">
      <Intro title="Audit">
        Sign-ins, changes of credentials and every sync of a machine; never a value. Entries are
        chained, so that none can be changed or removed unseen.
      </Intro>
      <Filter asked={asked} />
      {entries.length === 0 ? (
        <Empty title={filtered ? 'Nothing matches' : 'Nothing has happened yet'}>
          <p>
            {filtered ? (
              <a href="/audit">Show everything</a>
            ) : (
              <>
                Store a first value on the <a href="/credentials">credentials page</a>; it will show
                up here.
              </>
            )}
          </p>
        </Empty>
      ) : (
        <Table caption="Audit log" columns={['Action', 'Target', 'Outcome', 'From', 'Time']}>
          {entries.map((entry, index) => (
            <AuditRow key={index} entry={entry} now={now} />
          ))}
        </Table>
      )}
      <Pages asked={asked} entries={entries} />
    </Document>
  );
}

/** Entries of one page. */
const most = 200;

function Pages({ asked, entries }: Pick<AuditProps, 'asked' | 'entries'>): VNode | null {
  const last = entries.at(-1);
  const older = entries.length >= most && last ? last.seq : undefined;
  if (older === undefined && asked.before === '') return null;
  return (
    <nav class="pages" aria-label="Pages">
      {asked.before !== '' && <a href={`/audit${query({ ...asked, before: '' })}`}>Newest</a>}
      {older !== undefined && <a href={`/audit${query({ ...asked, before: older })}`}>Older</a>}
    </nav>
  );
}

function Filter({ asked }: { asked: AuditAsked }): VNode {
  const whole = query({ ...asked, before: '' });
  const known = asked.action === '' || words.has(asked.action);
  return (
    <form method="get" action="/audit" class="inline toolbar">
      <div class="field">
        <label for="action">Action</label>
        <select id="action" name="action">
          <option value="">Everything</option>
          {!known && (
            <option value={asked.action} selected>
              {asked.action}
            </option>
          )}
          {groups.map(([title, actions]) => (
            <optgroup key={title} label={title}>
              {Object.entries(actions).map(([action, text]) => (
                <option key={action} value={action} selected={action === asked.action}>
                  {text}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      <DayField name="since" label="From" value={asked.since} />
      <DayField name="until" label="To" value={asked.until} />
      <button type="submit" class="quiet">
        Filter
      </button>
      <p class="exports">
        Download <a href={`/audit.csv${whole}`}>CSV</a> · <a href={`/audit.json${whole}`}>JSON</a>
      </p>
    </form>
  );
}

function DayField(props: { name: string; label: string; value: string }): VNode {
  return (
    <div class="field">
      <label for={props.name}>{props.label}</label>
      <input id={props.name} type="date" name={props.name} value={props.value} />
    </div>
  );
}

function query(asked: AuditAsked): string {
  const set = Object.entries(asked).filter(([, text]) => text !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

/** Names of variables stand out as what they are; what went wrong as well. */
function Outcome({ text }: { text: string }): VNode {
  if (alarming.test(text)) return <span class="badge bad">{text}</span>;
  if (!/^[A-Z][A-Z0-9_]+ v\d+(, |$)/.test(text)) return <>{text}</>;
  return (
    <>
      {text.split(', ').map((name) => (
        <code key={name} class="tag">
          {name}
        </code>
      ))}
    </>
  );
}

function AuditRow({ entry, now }: { entry: AuditEntry; now: Date }): VNode {
  const provider = catalog.find(({ id }) => id === entry.target);
  return (
    <tr>
      <th scope="row" title={entry.action}>
        {words.get(entry.action) ?? entry.action}
      </th>
      <td data-label="Target">{provider?.title ?? entry.target}</td>
      <td data-label="Outcome">
        <Outcome text={entry.outcome} />
      </td>
      <td data-label="From" class="nowrap">
        {entry.address || '–'}
        {entry.agent !== '' && (
          <span class="sub" title={entry.agent}>
            {entry.agent.startsWith('Mozilla/') ? browserName(entry.agent) : entry.agent}
          </span>
        )}
      </td>
      <td data-label="Time">
        <Age moment={entry.at} now={now} />
      </td>
    </tr>
  );
}
