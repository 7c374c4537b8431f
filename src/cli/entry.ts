import { type ExecOptions, exec } from './commands/exec.ts';
import type { LaunchOptions } from './commands/launch.ts';
import { relay } from './commands/relay.ts';
import { execOptions, launchOptions, readWords } from './options.ts';
import { run } from './run.ts';

// the entry script starts Node without it, because Node 20 then parses it at each start
if (process.env.SYNSC_NXCA !== undefined) {
  process.env.NODE_EXTRA_CA_CERTS = process.env.SYNSC_NXCA;
  delete process.env.SYNSC_NXCA;
}

/**
 * What is started often has a program of its own, each in one file of dist/: clients of a session are in
 * this one, sessions in the next. Everything else, and what needs an explanation, is for commander.
 */
const commands: Readonly<Record<string, (words: readonly string[]) => Promise<unknown>>> = {
  launch(words) {
    const read = readWords(launchOptions, words);
    if (read === undefined) return explained();
    const options = read.options as unknown as LaunchOptions;
    return import('./sessions.ts').then(({ runLaunch }) => runLaunch(read.command, options));
  },
  exec(words) {
    const read = readWords(execOptions, words);
    if (read === undefined) return explained();
    const options = read.options as unknown as ExecOptions;
    if (process.env.SYNSC_SOCKET) return run(() => exec(read.command, options), options.json);
    return import('./sessions.ts').then(({ runExec }) => runExec(read.command, options));
  },
  relay: (words) => (words.length === 0 ? run(relay) : explained()),
};

function explained(): Promise<unknown> {
  return import('./main.ts');
}

const [name = '', ...words] = process.argv.slice(2);
void (Object.hasOwn(commands, name) ? commands[name]?.(words) : explained());
