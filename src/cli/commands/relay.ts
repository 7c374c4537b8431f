import { isatty } from 'node:tty';
import { SynscError } from '../../errors.ts';
import { terminalSize } from '../terminal-size.ts';
import { reach, stream } from './exec.ts';

/**
 * `synsc relay`: what a shim becomes when its tool's output would lead past the session: the tool runs
 * under the session, which redacts what comes back here. Nobody types it.
 */
export async function relay(): Promise<number> {
  const path = process.env.SYNSC_SOCKET;
  if (!path) throw new SynscError('NO_SESSION', 'this command is for the shims of a session');
  const client = await reach(path);
  const tty = isatty(0) && isatty(1);
  const start = () => client.call('relay', { stream: true, ...(tty && { tty: terminalSize() }) });
  return stream(client, start, { tty, json: false });
}
