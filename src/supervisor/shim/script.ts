/** What a shim knows when it is written. */
export interface ShimFacts {
  /** Directory of the shims, which stands first in PATH. */
  readonly directory: string;
  /** Socket of the session that answers what a program may have. */
  readonly socketPath: string;
  /** Variables that a program without an answer must not have. */
  readonly unset: readonly string[];
  /** Path of curl(1), where there is no Perl. */
  readonly curl: string | undefined;
}

/** Name of the shim whose first argument is the path of the program (`./venv/bin/python`). */
export const byPath = 'at';

/**
 * The shim of a program that never gets a credential: it takes them away, with the right to ask, and
 * becomes the program. In sh, which starts in half a millisecond.
 */
export function stripShim(facts: Pick<ShimFacts, 'directory' | 'unset'>): string {
  return `#!/bin/sh
synsc_name=\${0##*/}
${withoutAnswer(facts)}
`;
}

/**
 * The shim of a program that may get one: it asks the session, takes what the answer sets, and becomes
 * the real program with the same process id. Without an answer within two seconds the program runs
 * without any credential and loses the right to ask. In Perl, which every Debian and macOS has: a shell
 * can't open a socket.
 */
export function perlShim({ directory, socketPath, unset }: ShimFacts): string {
  return `#!/usr/bin/perl
my ($shims, $socket) = (${perl(directory)}, ${perl(socketPath)});
my ($name) = $0 =~ m{([^/]*)\\z};
$name = shift @ARGV if $name eq '${byPath}';
my ($file, @relay, %set, @unset, $status, $values, $answered);
eval {
  local $SIG{ALRM} = sub { die };
  alarm 2;
  my $place = pack $^O eq 'linux' ? 'S a*' : 'x C a*', 1, "$socket\\0";
  my $s;
  if (socket($s, 1, 1, 0) and connect($s, $place) and syswrite $s, '?') {
    my $text = '';
    1 while sysread $s, $text, 65536, length $text;
    for (split /\\n/, $text) {
      my ($kind, $rest) = (substr($_, 0, 1), substr($_, 1));
      ($answered, $values) = (1, 0) if $_ eq '.';
      $set{$1} = $2 if $values && /^([^=]+)=(.*)/s;
      next if $values;
      $values = 1 if $_ eq '-';
      $file = $rest if $kind eq 'e';
      push @relay, $rest if $kind eq 'r';
      push @unset, $rest if $kind eq 'u';
      $set{$1} = $2 if $kind eq 's' && $rest =~ /^([^=]+)=(.*)/s;
      print STDERR "$rest\\n" if $kind eq 'm';
      $status = $rest if $kind eq 'x';
    }
  }
};
alarm 0;
exit $status if $answered && defined $status;
if (!$answered) {
  print STDERR "synsc: no answer from the session: $name runs without credentials\\n";
  my %keep = map { $_ => 1 } split / /, $ENV{SYNSC_KEEP} || '';
  @unset = ('SYNSC_CAPABILITY', grep { !$keep{$_} } qw(${unset.join(' ')}));
  ($file, @relay, %set) = find($name);
}
delete @ENV{@unset};
$ENV{$_} = $set{$_} for keys %set;
exec { $relay[0] } @relay if @relay;
exec { $file } $file, @ARGV if defined $file;
exec '/bin/sh', $file, @ARGV if defined $file && $!+0 == 8; # ENOEXEC: a script without #!
print STDERR "$name: ", defined $file ? $! : 'command not found', "\\n";
exit(defined $file && $!+0 != 2 ? 126 : 127);

sub find {
  my ($name) = @_;
  return $name if $name =~ m{/};
  for my $place (split /:/, $ENV{PATH}, -1) {
    next if $place eq $shims;
    my $file = ($place eq '' ? '.' : $place) . "/$name";
    return $file if -f $file && -x _;
  }
  return;
}
`;
}

/** The same where there is no Perl: asks by curl(1), and without that only takes credentials away. */
export function shellShim(facts: ShimFacts): string {
  const { socketPath, curl } = facts;
  const ask =
    curl === undefined
      ? ''
      : `synsc_answer=$(${shell(curl)} -q -s --noproxy '*' --max-time 2 --unix-socket ${shell(socketPath)} "http://synsc/$$")`;
  return `#!/bin/sh
synsc_name=\${0##*/} synsc_file= synsc_relay= synsc_answer= synsc_values=
[ "$synsc_name" = ${byPath} ] && { synsc_name=$1; shift; }
${ask}
case "$synsc_answer" in
  *.)
    set -f
    IFS='
'
    for synsc_line in $synsc_answer; do
      synsc_rest=\${synsc_line#?}
      case "$synsc_values$synsc_line" in
        -*=*) export "$synsc_line" ;;
        -) synsc_values=- ;;
        e*) synsc_file=$synsc_rest ;;
        r*) synsc_relay="$synsc_relay$synsc_rest
" ;;
        u*) unset "$synsc_rest" 2>/dev/null ;;
        s*) export "$synsc_rest" ;;
        m*) printf '%s\\n' "$synsc_rest" >&2 ;;
        x*) exit "$synsc_rest" ;;
      esac
    done
    [ -n "$synsc_relay" ] && exec $synsc_relay
    exec "$synsc_file" "$@" ;;
esac
echo "synsc: no answer from the session: $synsc_name runs without credentials" >&2
${withoutAnswer(facts)}
`;
}

/** The end of a shim in sh: the program runs without credentials. */
function withoutAnswer({ directory, unset }: Pick<ShimFacts, 'directory' | 'unset'>): string {
  return `if [ -z "\${SYNSC_KEEP-}" ]; then unset SYNSC_CAPABILITY ${unset.join(' ')}
else
  for synsc_line in ${unset.join(' ')}; do
    case " $SYNSC_KEEP " in *" $synsc_line "*) ;; *) unset "$synsc_line" ;; esac
  done
  unset SYNSC_CAPABILITY
fi
case "$synsc_name" in */*) exec "$synsc_name" "$@" ;; esac
set -f; IFS=:
for synsc_line in $PATH; do
  [ "$synsc_line" = ${shell(directory)} ] && continue
  synsc_file=\${synsc_line:-.}/$synsc_name
  [ -x "$synsc_file" ] && [ ! -d "$synsc_file" ] && exec "$synsc_file" "$@"
done
echo "$synsc_name: command not found" >&2
exit 127`;
}

/**
 * Sourced by every bash that runs a text or a file (bash(1), BASH_ENV): puts the shims first in PATH
 * again after a login profile and, where the text may change PATH (`. venv/bin/activate`), before
 * each command. Tools that come with the new places get their shims too. All of it with standard error
 * closed, so that `bash -x` shows nothing of it.
 */
export function bashGuard(guard: GuardFacts): string {
  return `{
if [ -n "\${SYNSC_BASH_ENV-}" ] && [ -r "$SYNSC_BASH_ENV" ]; then . "$SYNSC_BASH_ENV" 2>&9 9>&-; fi
${first(guard)}
__synsc_first
__synsc_text=\${BASH_EXECUTION_STRING-}
[ -z "$__synsc_text" ] && [ -f "$0" ] && IFS= read -r -N 65536 __synsc_text <"$0"
case "\${__synsc_text:-PATH}" in
  *PATH*|*source*|*'. '*|*conda*|*eval*|*module*) ${trap(guard)}; set -T ;;
esac
unset __synsc_text
} 9>&2 2>/dev/null
`;
}

/** The start file of the user's own interactive bash: theirs, and then the same guard at each prompt. */
export function bashStart(guard: GuardFacts): string {
  return `[ -f /etc/bash.bashrc ] && . /etc/bash.bashrc
[ -f ~/.bashrc ] && . ~/.bashrc
${first(guard)}
__synsc_first
PROMPT_COMMAND="__synsc_first\${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
[ -n "$(trap -p DEBUG)" ] || ${trap(guard)}
`;
}

export interface GuardFacts {
  readonly directory: string;
  /** Path of a shim's program → names of the tools that have it where they exist. */
  readonly shims: Readonly<Record<string, readonly string[]>>;
}

/** Returns 0 always, so that it ends no script under `set -e`. */
function first({ directory, shims }: GuardFacts): string {
  const loops = Object.entries(shims).map(
    ([program, tools]) => `    for tool in ${tools.join(' ')}; do
      [ -x "$place/$tool" ] && [ ! -e ${shell(directory)}/"$tool" ] && ln -s ${shell(program)} ${shell(directory)}/"$tool" 2>/dev/null
    done`,
  );
  return `__synsc_first() {
  case $PATH in ${shell(directory)}:*) return 0 ;; esac
  local IFS=: place tool
  for place in \${PATH%%${shell(directory)}*}; do
${loops.join('\n')}
  done
  PATH=${shell(directory)}:$PATH
  return 0
}`;
}

function trap({ directory }: GuardFacts): string {
  const text = `{ case $PATH in ${shell(directory)}:*) ;; *) __synsc_first ;; esac; } 2>/dev/null`;
  return `trap ${shell(text)} DEBUG`;
}

function perl(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
