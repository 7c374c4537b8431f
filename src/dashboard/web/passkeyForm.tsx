import type { ComponentChildren, VNode } from 'preact';

/** A form that `passkey.js` sends with what an authenticator signed; hidden without JavaScript. */
export function PasskeyForm(props: {
  action: string;
  next?: string | undefined;
  submit: string;
  class?: string;
  children?: ComponentChildren;
}): VNode {
  return (
    <form
      method="post"
      action={props.action}
      class={props.class}
      data-passkey={`${props.action}/options`}
      hidden
    >
      <input type="hidden" name="response" value="" />
      {props.next !== undefined && <input type="hidden" name="next" value={props.next} />}
      {props.children}
      <div class="actions">
        <button type="submit" class="quiet">
          <span class="key" aria-hidden="true" />
          {props.submit}
        </button>
      </div>
      <p class="error" role="alert" />
    </form>
  );
}
