import { existsSync, statSync } from 'node:fs';
import type { Program } from '../../platform/spawn.ts';

/**
 * Shell text that a command starts through: it takes credentials as `NAME=value` lines from
 * descriptor 3, so that no value is ever in an argument or a string of ours, and becomes the command.
 */
const takeValues =
  'while IFS= read -r SYNSC_LINE <&3; do export "$SYNSC_LINE"; done; exec 3<&-; unset SYNSC_LINE; exec "$0" "$@"';

/** The same in a terminal, which the first open by a session leader makes the controlling one. */
const takeTerminal = 'exec <"$SYNSC_TTY" >"$SYNSC_TTY" 2>&1; unset SYNSC_TTY; ';

/** A shell drops variables of other names, such as bash's functions. */
const shellName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What would change how Perl itself starts waits under other names. */
const perlName = /^PERL/;
const waiting = 'SYNSC_WAITING_';
const perl = '/usr/bin/perl';

/** Both texts in Perl, which keeps every variable. */
const perlText = `
if (defined(my $tty = delete $ENV{SYNSC_TTY})) {
  open STDIN, '<', $tty; open STDOUT, '>', $tty; open STDERR, '>&', STDOUT;
}
open my $values, '<&=', 3;
while (<$values>) { chomp; $ENV{$1} = $2 if /^([^=]+)=(.*)/ }
close $values;
delete $ENV{PERL_BADLANG};
$ENV{substr $_, ${waiting.length}} = delete $ENV{$_} for grep /^${waiting}/, keys %ENV;
exec { $ARGV[0] } @ARGV;
exec '/bin/sh', @ARGV if $!+0 == 8; # ENOEXEC: a script without #!
print STDERR "$ARGV[0]: $!\n";
exit($!+0 == 2 ? 127 : 126);`;

type Start = Required<Program>;

/** How to start a program so that it finds its terminal and its values. */
export function launcher(program: Start, terminalPath: string | undefined): Start {
  const terminal: Record<string, string> =
    terminalPath === undefined ? {} : { SYNSC_TTY: terminalPath };
  const { cwd } = program;
  const env = { ...direct(program).env, ...terminal };
  const words = [program.file, ...program.args];
  if (Object.keys(env).every((name) => shellName.test(name)) || !existsSync(perl)) {
    const script = terminalPath === undefined ? takeValues : takeTerminal + takeValues;
    return { file: '/bin/sh', args: ['-c', script, ...words], env, cwd };
  }
  return { file: perl, args: ['-e', perlText, ...words], env: forPerl(env), cwd };
}

function forPerl(env: Record<string, string>): Record<string, string> {
  const renamed = Object.entries(env).map(([name, value]) => [
    perlName.test(name) ? waiting + name : name,
    value,
  ]);
  return { ...Object.fromEntries(renamed), PERL_BADLANG: '0' };
}

/** A program that needs neither. PWD names its directory, as a shell would have it. */
export function direct(program: Start): Start {
  const { env, cwd } = program;
  return { ...program, env: { ...env, PWD: names(env.PWD, cwd) ? (env.PWD ?? cwd) : cwd } };
}

/** Whether a path, perhaps by links, leads to a directory. */
function names(place: string | undefined, directory: string): boolean {
  if (place === undefined || !place.startsWith('/')) return false;
  if (place === directory) return true;
  try {
    const [one, other] = [statSync(place), statSync(directory)];
    return one.ino === other.ino && one.dev === other.dev;
  } catch {
    return false; // one of them is not there
  }
}
