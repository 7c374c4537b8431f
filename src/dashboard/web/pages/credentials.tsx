import type { VNode } from 'preact';
import type { ProviderId } from '../../../../protocol/credential.ts';
import { providerOf } from '../../../provider/catalog.ts';
import type { Provider, ProviderVariable } from '../../../provider/provider.ts';
import type { CredentialSlot } from '../../services.ts';
import { Document } from '../document.tsx';
import { Field, type FormError, FormNotice, fieldError } from '../field.tsx';
import { Age } from '../time.tsx';
import { Intro } from './table.tsx';

export interface CredentialsProps {
  readonly email: string;
  readonly slots: readonly CredentialSlot[];
  readonly now: Date;
  /** The slot that was just filled or emptied. */
  readonly saved?: ProviderId | undefined;
  readonly deleted?: ProviderId | undefined;
  readonly refused?: { readonly provider: ProviderId; readonly error: FormError };
}

/** One card a provider: what is stored, and the form to store or replace it. */
export function CredentialsPage(props: CredentialsProps): VNode {
  const { email, slots, now, saved, deleted, refused } = props;
  return (
    <Document title="Credentials" email={email} section="credentials">
      <Intro title="Credentials">
        Paste each value once. It is stored encrypted and never shown again; sessions on your
        machines get it when a command needs it.
      </Intro>
      {saved && (
        <p class="notice good" role="status">
          {providerOf(saved).title}: saved. Running sessions have it within a second.
        </p>
      )}
      {deleted && (
        <p class="notice good" role="status">
          {providerOf(deleted).title}: deleted.
        </p>
      )}
      <div class="grid">
        {slots.map((slot) => (
          <SlotCard
            key={slot.provider}
            slot={slot}
            now={now}
            error={refused?.provider === slot.provider ? refused.error : undefined}
          />
        ))}
      </div>
    </Document>
  );
}

interface CardProps {
  readonly slot: CredentialSlot;
  readonly now: Date;
  readonly error: FormError | undefined;
}

function SlotCard({ slot, now, error }: CardProps): VNode {
  const provider = providerOf(slot.provider);
  const stored = slot.fields.some(({ masked }) => masked !== null);
  return (
    <section class="card" aria-labelledby={`${provider.id}-title`} id={provider.id}>
      <div class="card-head">
        <h2 id={`${provider.id}-title`}>{provider.title}</h2>
        <span class={stored ? 'badge good' : 'badge'}>{stored ? 'Stored' : 'Not set'}</span>
      </div>
      <p>Lets commands {provider.purpose}.</p>
      {stored ? (
        <StoredSlot provider={provider} slot={slot} now={now} error={error} />
      ) : (
        <SlotForm provider={provider} error={error} submit="Save" />
      )}
    </section>
  );
}

function StoredSlot({ provider, slot, now, error }: CardProps & { provider: Provider }): VNode {
  return (
    <>
      <dl class="stored">
        {slot.fields.map(({ name, masked, fingerprint }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {fingerprint !== null && (
                <span class="print" title="Fingerprint: another value has another one">
                  <span class="hidden">fingerprint </span>
                  {fingerprint}
                </span>
              )}
              <span class="masked">{masked ?? 'not set'}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        Version {slot.version}
        {slot.updatedAt && (
          <>
            {' '}
            · saved <Age moment={slot.updatedAt} now={now} />
          </>
        )}
        <br />
        <LastSync slot={slot} now={now} />
      </p>
      <div class="card-foot">
        <details open={error !== undefined}>
          <summary>
            Replace<span class="hidden"> {provider.title}</span>
          </summary>
          <SlotForm provider={provider} error={error} submit="Save new version" />
        </details>
        <details>
          <summary>
            Delete<span class="hidden"> {provider.title}</span>
          </summary>
          <form method="post" action={`/credentials/${provider.id}/delete`}>
            <p class="hint">
              New commands no longer get it. It stays valid at {provider.title} until you revoke it
              there.
            </p>
            <div class="actions">
              <button type="submit" class="danger">
                Delete for good<span class="hidden">: {provider.title}</span>
              </button>
            </div>
          </form>
        </details>
      </div>
    </>
  );
}

/** Which machine has this version, so that one sees whether a new one has arrived. */
function LastSync({ slot, now }: { slot: CredentialSlot; now: Date }): VNode {
  if (!slot.lastSync) return <>Not synced yet: no machine has this version.</>;
  return (
    <>
      Last synced by <strong>{slot.lastSync.device}</strong>{' '}
      <Age moment={slot.lastSync.at} now={now} />
    </>
  );
}

interface SlotFormProps {
  readonly provider: Provider;
  readonly error: FormError | undefined;
  readonly submit: string;
}

function SlotForm({ provider, error, submit }: SlotFormProps): VNode {
  return (
    <form method="post" action={`/credentials/${provider.id}`} autocomplete="off">
      <FormNotice error={error} fields={provider.variables.map(({ name }) => name)} />
      {provider.variables.map((variable) => (
        <VariableField key={variable.name} variable={variable} error={error} />
      ))}
      <div class="actions">
        <button type="submit">
          {submit}
          <span class="hidden"> for {provider.title}</span>
        </button>
      </div>
    </form>
  );
}

function VariableField(props: { variable: ProviderVariable; error: FormError | undefined }): VNode {
  const { name, label, optional, kind, example } = props.variable;
  return (
    <Field
      id={name}
      name={name}
      label={
        <>
          {label}
          {optional && <span class="optional"> · optional</span>}
        </>
      }
      hint={
        <>
          Commands see it as <code>{name}</code>
          {kind === 'json' && ', the path of a file in memory'}
        </>
      }
      error={fieldError(props.error, name)}
      multiline={kind === 'json'}
      input={{
        type: 'password',
        class: 'secret',
        autocomplete: 'off',
        spellcheck: false,
        required: optional !== true,
        placeholder: example,
      }}
    />
  );
}
