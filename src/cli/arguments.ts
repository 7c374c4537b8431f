import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { SynscError } from '../errors.ts';

/**
 * Throws USAGE when the command line holds bytes that are no UTF-8: Node has made U+FFFD of them, and a
 * command would be run with other words than were given.
 */
export function requireText(words: readonly string[]): void {
  if (words.every((word) => !word.includes('\ufffd')) || isUtf8(commandLine())) return;
  throw new SynscError('USAGE', 'an argument is not UTF-8 text', {
    hint: `let a shell make it: synsc exec -c "cat $'caf\\xe9.txt'"`,
  });
}

/** proc(5); empty, which is UTF-8, where there is none. */
function commandLine(): Buffer {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return Buffer.alloc(0);
  }
}
