import { url } from 'node:inspector';

/** Options of Node that open this process's memory to others, or write it, its environment or its TLS keys to files. */
const opening =
  /^--(inspect|debug|heapsnapshot|heap-?prof|report-on|report-uncaught|experimental-report|abort-on-uncaught|tls-keylog)/;

/**
 * What lets others look into this process: an option in `words`, those of its command line and of
 * NODE_OPTIONS, or an inspector that was opened since (SIGUSR1). Undefined: nothing does.
 */
export function openedBy(words: readonly string[]): string | undefined {
  const option = words.find((word) => opening.test(word.replaceAll('_', '-')));
  if (option !== undefined) return option.replace(/=.*/, '');
  return url() === undefined ? undefined : 'an inspector';
}
