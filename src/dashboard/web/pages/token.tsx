import type { VNode } from 'preact';
import { Document } from '../document.tsx';

/** Shows a token for CI, this once. */
export function TokenPage(props: {
  email: string;
  name: string;
  days: string;
  token: string;
}): VNode {
  return (
    <Document title="New token for CI" email={props.email} section="devices">
      <section class="card medium">
        <h1>Copy your token now</h1>
        <p class="lead">
          “{props.name.trim()}”, good for {props.days} days. It is stored as a hash only, so no page
          can show it again.
        </p>
        <div class="field">
          <label for="token">Token</label>
          <input
            id="token"
            class="secret"
            type="text"
            value={props.token}
            readOnly
            autocomplete="off"
            spellcheck={false}
          />
        </div>
        <p>
          Keep it among the secrets of your CI, as <code>SYNSC_TOKEN</code>, and set{' '}
          <code>SYNSC_DASHBOARD_URL</code> and <code>SYNSC_CA_SHA256</code> beside it.
        </p>
        <div class="actions">
          <a class="button" href="/devices">
            I have copied it
          </a>
        </div>
      </section>
    </Document>
  );
}
