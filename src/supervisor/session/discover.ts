import { readFileSync } from 'node:fs';
import type { Result } from '../../../protocol/session/methods.ts';
import { codeOf, SynscError } from '../../errors.ts';

let document: Result<'rpc.discover'> | undefined;

/** The OpenRPC document of the socket, read once: a client may ask for it many times. */
export function discover(): Result<'rpc.discover'> {
  document ??= readDocument();
  return document;
}

/** The generated document stands beside the source, and beside the bundle. */
function readDocument(): Result<'rpc.discover'> {
  for (const place of ['../../../protocol/openrpc.json', './openrpc.json']) {
    try {
      return JSON.parse(
        readFileSync(new URL(place, import.meta.url), 'utf8'),
      ) as Result<'rpc.discover'>;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  throw new SynscError('INTERNAL', 'openrpc.json is missing from this installation');
}
