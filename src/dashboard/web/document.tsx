import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** Where a page sits in the navigation; pages outside it name none. */
type Section = 'credentials' | 'sessions' | 'devices' | 'audit' | 'account';

const sections: Readonly<Record<Exclude<Section, 'account'>, string>> = {
  credentials: 'Credentials',
  sessions: 'Sessions',
  devices: 'Devices',
  audit: 'Audit',
};

export interface DocumentProps {
  readonly title: string;
  /** E-mail of the signed-in user; without it the header has no navigation. */
  readonly email?: string | undefined;
  readonly section?: Section;
  /** Whether the page has a form that is sent with a passkey. */
  readonly passkeys?: boolean;
  readonly children: ComponentChildren;
}

/** The frame of every page: head, skip link, header with navigation, main landmark. */
export function Document(props: DocumentProps): VNode {
  const { title, email, section, passkeys, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · synsc`}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        {email !== undefined && <script type="module" src="/assets/live.js" />}
        {passkeys && <script type="module" src="/assets/passkey.js" />}
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <Header email={email} section={section} />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
        <footer class="foot">
          Values are encrypted, and no page of this dashboard shows one again.
        </footer>
      </body>
    </html>
  );
}

function Header(props: { email: string | undefined; section: Section | undefined }): VNode {
  return (
    <header class="bar">
      <div class="bar-inner">
        <a class="brand" href="/">
          <img src="/assets/icon.svg" alt="" width="26" height="26" />
          synsc
        </a>
        {props.email !== undefined && <Navigation current={props.section} />}
        {props.email !== undefined && (
          <Account email={props.email} current={props.section === 'account'} />
        )}
      </div>
    </header>
  );
}

function Navigation({ current }: { current: Section | undefined }): VNode {
  return (
    <nav aria-label="Main">
      <ul>
        {Object.entries(sections).map(([section, label]) => (
          <li key={section}>
            <a href={`/${section}`} aria-current={section === current ? 'page' : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Account({ email, current }: { email: string; current: boolean }): VNode {
  return (
    <div class="who">
      <a href="/account" title={email} aria-current={current ? 'page' : undefined}>
        <span class="hidden">Account </span>
        {email}
      </a>
      <form method="post" action="/sign-out">
        <button type="submit" class="quiet small">
          Sign out
        </button>
      </form>
    </div>
  );
}

/** A whole HTML document; every text in it is escaped by the renderer. */
export function renderDocument(page: VNode): string {
  return `<!doctype html>${renderToString(page)}`;
}
