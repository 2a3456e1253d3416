#!/usr/bin/perl
# Asks ports of this machine one after the other, and says how each connect(2) has ended.
#
# Called as "asker.pl ADDRESS"; the ports come on standard input, 16 bits each in network order. On standard output goes one octet for
# each, in the same order: 0 for a connection, 255 for one that met itself, else the number of the error (EINPROGRESS: no answer yet).
# Fewer octets than ports: too many did not answer at once, which is what this is made for. Perl, since it takes 10 us a port, nearly all
# of them the kernel's, where a socket of Node takes 30; and Perl is part of every Debian.
use strict;
use Errno 'EINPROGRESS';
use Socket;

my $patience = pack 'l!l!', 0, 5000;    # of one connection, as struct timeval: the kernel answers for loopback before connect(2) is through
my $most_silent = 16;                   # ports without an answer, in all
my $batch = 512;                        # ports from one word to the next

my ($address) = @ARGV;
my $is_wide = $address =~ /:/;
my $family = $is_wide ? AF_INET6 : AF_INET;
my $packed = Socket::inet_pton($family, $address) or die "no address: $address\n";

binmode STDIN;
my @ports = unpack 'n*', do { local $/; <STDIN> // '' };
my ($said, $silent) = ('', 0);
for my $port (@ports) {
    my $name = $is_wide ? Socket::pack_sockaddr_in6($port, $packed) : pack_sockaddr_in($port, $packed);
    my $end = 0;
    # The handle is the one of the last port, which this closes.
    if (!socket SOCKET, $family, SOCK_STREAM, 0) { $end = $! + 0 }
    else {
        setsockopt SOCKET, SOL_SOCKET, SO_SNDTIMEO, $patience;
        if (!connect SOCKET, $name) { $end = $! + 0 }
        elsif (getsockname(SOCKET) eq $name) { $end = 255 }
    }
    $said .= chr $end;
    last if $end == EINPROGRESS && ++$silent >= $most_silent;
    next if length $said < $batch;
    syswrite STDOUT, $said or last;
    $said = '';
}
syswrite STDOUT, $said;
