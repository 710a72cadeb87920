# The same as relay.mjs, in a third of its memory and of its time to start; where there is no Perl that one serves. Each
# argument is PORT=SOCKET, a port of the room's own loopback that leads to a unix socket, or SOCKET=PORT, the other way round.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(AF_INET AF_INET6 AF_UNIX SOCK_STREAM SOL_SOCKET SO_REUSEADDR SOMAXCONN INADDR_LOOPBACK IN6ADDR_LOOPBACK
  pack_sockaddr_in pack_sockaddr_in6 pack_sockaddr_un);

# Bytes that the other side has not taken yet: above it nothing more is read.
my $high = 256 * 1024;
my (%listening, %sides);
$SIG{PIPE} = 'IGNORE';

for my $pair (@ARGV) {
  my ($from, $to) = split /=/, $pair, 2;
  my $is_door = $from =~ m{^/};
  unlink $from if $is_door; # of the room before this one
  my $family = $is_door ? AF_UNIX : AF_INET;
  socket(my $server, $family, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($server, SOL_SOCKET, SO_REUSEADDR, 1) unless $is_door;
  bind($server, $is_door ? pack_sockaddr_un($from) : pack_sockaddr_in($from, INADDR_LOOPBACK)) or die "$from: $!";
  listen($server, SOMAXCONN) or die "$from: $!";
  fcntl($server, F_SETFL, O_NONBLOCK);
  $listening{fileno $server} = { socket => $server, to => $to };
}
syswrite STDOUT, "ready\n";
close STDOUT;

while (1) {
  my ($readable, $writable) = ('', '');
  vec($readable, $_, 1) = 1 for keys %listening;
  for my $fd (keys %sides) {
    my $side = $sides{$fd};
    vec($readable, $fd, 1) = 1 if !$side->{ended} && length $side->{far}{out} < $high;
    vec($writable, $fd, 1) = 1 if length $side->{out};
  }
  next if select($readable, $writable, undef, undef) < 0;
  vec($readable, $_, 1) && take($listening{$_}) for keys %listening;
  for my $fd (keys %sides) {
    my $side = $sides{$fd} or next; # it was dropped with the one before
    next unless vec($readable, $fd, 1) || vec($writable, $fd, 1);
    my $goes_on = (!vec($readable, $fd, 1) || hear($side)) && (!vec($writable, $fd, 1) || pass_on($side));
    $goes_on ? finish($side) : drop($side);
  }
}

sub take {
  my ($server) = @_;
  accept(my $near, $server->{socket}) or return;
  my $far = reach($server->{to});
  return close $near unless $far;
  my @both = map { fcntl($_, F_SETFL, O_NONBLOCK); +{ socket => $_, out => '', ended => 0, shut => 0 } } $near, $far;
  ($both[0]{far}, $both[1]{far}) = @both[1, 0];
  $sides{fileno $_->{socket}} = $_ for @both;
}

# The first of the addresses that answers.
sub reach {
  my ($to) = @_;
  my @addresses = $to =~ m{^/}
    ? [AF_UNIX, pack_sockaddr_un($to)]
    : ([AF_INET, pack_sockaddr_in($to, INADDR_LOOPBACK)], [AF_INET6, pack_sockaddr_in6($to, IN6ADDR_LOOPBACK)]);
  for (@addresses) {
    socket(my $far, $_->[0], SOCK_STREAM, 0) or next;
    return $far if connect($far, $_->[1]);
  }
  return;
}

sub is_only_busy { return $! == EAGAIN || $! == EINTR }

sub hear {
  my ($side) = @_;
  my $count = sysread($side->{socket}, my $bytes, 65_536);
  return is_only_busy() unless defined $count;
  $side->{ended} = 1 if $count == 0;
  $side->{far}{out} .= $bytes;
  return 1;
}

sub pass_on {
  my ($side) = @_;
  my $count = syswrite($side->{socket}, $side->{out});
  return is_only_busy() unless defined $count;
  substr($side->{out}, 0, $count) = '';
  return 1;
}

# An end is passed on when all before it was; when both have ended they are done.
sub finish {
  my ($side) = @_;
  for ($side, $side->{far}) {
    next if $_->{shut} || !$_->{far}{ended} || length $_->{out};
    shutdown($_->{socket}, 1);
    $_->{shut} = 1;
  }
  drop($side) if $side->{shut} && $side->{far}{shut};
}

sub drop {
  my ($side) = @_;
  for ($side, delete $side->{far}) {
    delete $_->{far};
    delete $sides{fileno $_->{socket}};
    close $_->{socket};
  }
}
