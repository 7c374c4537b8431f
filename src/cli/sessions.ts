import { execAlone } from './commands/alone.ts';
import type { ExecOptions } from './commands/exec.ts';
import { type LaunchOptions, launch } from './commands/launch.ts';
import { run } from './run.ts';

/** Programs with a session of their own: a file of dist/, that shares no object with the one before. */
export function runLaunch(command: readonly string[], options: LaunchOptions): Promise<never> {
  return run(() => launch(command, options));
}

export function runExec(command: readonly string[], options: ExecOptions): Promise<never> {
  return run(() => execAlone(command, options), options.json);
}
