/**
 * What a watchdog does when its session's process is gone, as the end of its shell text: kills what is
 * left, restores the terminal, removes the directories. It knows these variables:
 * - `list`: `PID:START` of what ran last; the start time spares a later process with the same pid.
 * - `MARK`, `ID`: what the session's processes carry in their limits, and in their environment.
 * - `SUPERVISOR`: pid of the session's process itself.
 * - `path`, `settings`: the terminal, and how stty(1) restores it; `DIRECTORY`, `FILES`, `SHIMS`.
 * Perl does it where there is one: it is quicker than what forks and ends at once, and needs no process
 * of its own where no more may be started.
 */
export const cleanUp = `
if [ -x /usr/bin/perl ]; then
  [ "\${#list}" -lt 100000 ] || list= # a longer word can't be handed over
  export list path settings
  exec /usr/bin/perl -e "$SWEEP"
fi
fields() {
  stat=
  while read -r line; do stat="$stat $line"; done <"/proc/$1/stat" || return 1
  stat=\${stat##*) }
}
same() {
  fields "\${1%:*}" || return 1
  set -- "\${1#*:}" $stat
  [ "$1" = "\${21}" ]
}
clean() {
  set -- "$DIRECTORY" "$FILES" "$SHIMS"
  rm -rf -- "$@" || { chmod -R u+rwX -- "$@"; rm -rf -- "$@"; }
}
for signal in STOP KILL; do
  for one in $list; do same "$one" && kill -$signal "\${one%:*}"; done
done
clean
[ -n "$path" ] && stty -F "$path" "$settings"
i=0
while [ $((i += 1)) -le 50 ]; do
  found=$(
    grep -slE "^Max (realtime timeout|file locks) +$MARK " /proc/[0-9]*/limits
    grep -slzxF "SYNSC_SESSION=$ID" /proc/[0-9]*/environ
  )
  left=
  for file in $found; do
    pid=\${file#/proc/} pid=\${pid%/*}
    [ "$pid" != "$SUPERVISOR" ] || continue
    fields "$pid" || continue
    case $stat in [ZX]*) ;; *) left="$left $pid" ;; esac
  done
  [ -n "$left" ] || break
  for signal in STOP KILL; do
    for pid in $left; do kill -$signal "$pid"; done
  done
done
clean`;

/**
 * The same in Perl. A process is stopped at the moment it is found. What forks and ends at once is met
 * among the newest pids, which are looked at all the while. The session's own process may still carry the
 * mark, and lead the group of what the user has beside it.
 */
export const sweep = String.raw`
my %start = map { split /:/ } split ' ', $ENV{list} // '';
my $limit = qr/^Max (?:realtime timeout|file locks) +$ENV{MARK} /m;
my $variable = "\0SYNSC_SESSION=$ENV{ID}\0";
my (%met, @stopped);

sub text { local $/; open my $file, '<', $_[0] or return ''; my $text = <$file>; $text // '' }
sub fields { text("/proc/$_[0]/stat") =~ /.*\) (.*)/s ? split ' ', $1 : () } # state, ppid, pgrp, ...
sub ours {
  my ($pid, $parent, $start) = ($_[0], (fields($_[0]))[1, 19]);
  return defined $parent && ($met{$parent} || ($start{$pid} // '') eq $start
    || text("/proc/$pid/limits") =~ $limit || index("\0" . text("/proc/$pid/environ"), $variable) >= 0);
}
sub leads { # threads have numbers too, and those of the session's own process may still run
  my ($pid) = @_;
  return text("/proc/$pid/status") =~ /^Tgid:\s+$pid$/m;
}
sub meet {
  my ($pid) = @_;
  return if exists $met{$pid} || $pid == $$ || $pid == $ENV{SUPERVISOR} || !ours($pid) || !leads($pid);
  push @stopped, $pid if $met{$pid} = kill 'STOP', $pid;
  kill 'STOP', -$pid; # the group that it leads: a child that was just born is still in it
}
sub newest { my ($last) = text('/proc/loadavg') =~ /(\d+)\s*\z/; meet($_) for reverse $last - 8 .. $last + 1 }
sub look {
  opendir my $proc, '/proc' or return;
  my $seen = 0;
  for my $pid (sort { $b <=> $a } grep /^\d+\z/, readdir $proc) {
    meet($pid);
    newest() if ++$seen % 8 == 0;
  }
}
sub kill_all {
  my $until = time + $_[0];
  while (time <= $until) {
    (%met, @stopped) = ();
    for (my $before = -1; $before < @stopped && time <= $until;) { $before = @stopped; look() }
    my @running = grep { ((fields($_))[0] // 'Z') !~ /[ZX]/ } @stopped;
    return unless @running;
    kill 'KILL', @running;
    select undef, undef, undef, 0.002;
  }
}
sub run {
  my $status;
  for (1 .. 100) { # where no process may be started, some will end
    $status = system { $_[0] } @_;
    last if $status != -1;
    select undef, undef, undef, 0.05;
  }
  return $status == 0;
}
sub clean {
  my @places = @ENV{qw(DIRECTORY FILES SHIMS)};
  run('rm', '-rf', '--', @places) or run('chmod', '-R', 'u+rwX', '--', @places), run('rm', '-rf', '--', @places);
}
kill_all(1);
run('stty', '-F', $ENV{path}, $ENV{settings}) if length($ENV{path} // '');
clean();
kill_all(10);
clean();
`;
