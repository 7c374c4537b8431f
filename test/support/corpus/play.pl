# plays a recording: for each record a line "MILLISECONDS DESCRIPTOR LENGTH", then that many bytes
use strict;
open(my $file, '<:raw', $ARGV[0]) or die;
while (defined(my $head = <$file>)) {
  my ($wait, $descriptor, $length) = split ' ', $head;
  select(undef, undef, undef, $wait / 1000) if $wait;
  read($file, my $bytes, $length);
  my $to = $descriptor == 2 ? \*STDERR : \*STDOUT;
  for (my $done = 0; $done < $length;) {
    my $written = syswrite($to, $bytes, $length - $done, $done);
    die unless defined $written;
    $done += $written;
  }
}
