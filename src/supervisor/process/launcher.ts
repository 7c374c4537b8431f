/**
 * Shell text that a command starts through: it takes credentials as `NAME=value` lines from
 * descriptor 3, so that no value is ever in an argument or a string of ours, and becomes the command.
 */
const takeValues =
  'while IFS= read -r SYNSC_LINE <&3; do export "$SYNSC_LINE"; done; exec 3<&-; unset SYNSC_LINE; exec "$0" "$@"';

/** The same in a terminal, which the first open by a session leader makes the controlling one. */
const takeTerminal = 'exec <"$SYNSC_TTY" >"$SYNSC_TTY" 2>&1; unset SYNSC_TTY; ';

export interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

/** How to start a program so that it finds its terminal and its values. */
export function launcher(program: Start, terminalPath: string | undefined): Start {
  const script = terminalPath === undefined ? takeValues : takeTerminal + takeValues;
  return {
    file: '/bin/sh',
    args: ['-c', script, program.file, ...program.args],
    env: {
      ...program.env,
      ...(terminalPath === undefined ? {} : { SYNSC_TTY: terminalPath }),
    },
  };
}
