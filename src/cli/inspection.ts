import { SynscError } from '../errors.ts';
import { openedBy } from '../platform/inspector.ts';

/** Throws INSPECTED. */
export function refuseInspection(): void {
  const opened = openedBy([...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)]);
  if (opened === undefined) return;
  throw new SynscError('INSPECTED', `${opened} would show the credentials of this session`);
}
