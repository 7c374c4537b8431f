import type { VNode } from 'preact';
import { Document } from '../document.tsx';
import { sentence } from '../field.tsx';

/** A page that says one thing: a refused request, an address that does not exist. */
export function MessagePage(props: {
  title: string;
  message: string;
  hint: string;
  email?: string | undefined;
}): VNode {
  return (
    <Document title={props.title} email={props.email}>
      <section class="card medium">
        <h1>{props.title}</h1>
        <p class="lead">{sentence(props.message)}</p>
        <p>{sentence(props.hint)}</p>
        <div class="actions">
          <a class="button" href="/">
            Back to the dashboard
          </a>
        </div>
      </section>
    </Document>
  );
}
