import type { VNode } from 'preact';
import { verifyPath } from './answer.tsx';

/** Leads to a fresh proof and back: in the place of a form that needs one. */
export function ProofLink({ to, what }: { to: string; what: string }): VNode {
  return (
    <p>
      <a class="button quiet" href={verifyPath(to)}>
        Confirm it’s you
      </a>{' '}
      <span class="hint">{what}</span>
    </p>
  );
}
