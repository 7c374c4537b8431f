import type { ComponentChildren, VNode } from 'preact';

/** A table in a card; on a phone each row becomes a block, so cells carry `data-label`. */
export function Table(props: {
  caption: string;
  columns: readonly string[];
  /** Columns keep their widths, whatever stands in them. */
  even?: boolean;
  children: ComponentChildren;
}): VNode {
  return (
    <div class={props.even ? 'card table even' : 'card table'}>
      <table>
        <caption class="hidden">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** What a list shows while it is empty: what it is for and what to do next. */
export function Empty(props: { title: string; children: ComponentChildren }): VNode {
  return (
    <section class="card empty">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

/** Heading and introduction of a page, and what can be done on it first of all. */
export function Intro(props: {
  title: string;
  action?: VNode;
  children: ComponentChildren;
}): VNode {
  return (
    <div class="intro">
      <div>
        <h1>{props.title}</h1>
        <p>{props.children}</p>
      </div>
      {props.action}
    </div>
  );
}
