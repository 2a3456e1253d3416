# A terminal for a run, part of launcher.pl: a pseudo-terminal (pty(7)) whose slave side is the program's, and a relay that holds the master.
# The relay writes all that the program says to its log, and serves NAME.tty, a Unix socket for the server. The first line of a connection
# says what it is for:
#   watch        what the program says from now on, after the last 64 KiB; the connection ends with the terminal
#   type         all that follows is typed
#   size R C     the window has so many rows and columns now
use strict;
use Socket ();
use Fcntl ();

# Requests of ioctl_tty(2), alike on x86_64 and aarch64.
my ($unlock, $number_of, $take, $set_size) = (0x40045431, 0x80045430, 0x540E, 0x5414);
my $most = 65536;       # octets of the past that a new watcher gets, and that one may have to come before the program has to wait
my $patience = 30;      # seconds after which a watcher that takes nothing is let go

# Answers the master and the name of the slave, or undef and the reason.
sub open_terminal {
    my ($size) = @_;
    sysopen my $master, '/dev/ptmx', POSIX::O_RDWR() | POSIX::O_NOCTTY() or return (undef, "/dev/ptmx: $!");
    my $number = pack 'i', 0;
    ioctl $master, $unlock, $number or return (undef, "the terminal: $!");
    ioctl $master, $number_of, $number or return (undef, "the terminal: $!");
    resize_terminal($master, split / /, $size);
    return ($master, '/dev/pts/' . unpack 'i', $number);
}

sub resize_terminal {
    my ($master, $rows, $columns) = @_;
    my $size = pack 'S4', $rows, $columns, 0, 0;
    ioctl $master, $set_size, $size;
}

# Makes the slave the controlling terminal of this process, which leads a session, and its standard streams. Answers the reason when it cannot.
sub take_terminal {
    my ($slave) = @_;
    sysopen my $file, $slave, POSIX::O_RDWR() or return "the terminal $slave: $!";
    ioctl $file, $take, 0 or return "the terminal $slave: $!";
    POSIX::dup2(fileno $file, $_) for 0, 1, 2;
    return '';
}

# Runs until the program is over, which the end of $over tells, no process has the slave open any more, and the watchers have all of it. Not
# before: the master's end is a SIGHUP for a program that has closed its streams and is about to exit, as all of coreutils do.
sub relay_terminal {
    my ($name, $master, $log, $over) = @_;
    $SIG{$_} = 'IGNORE' for qw(HUP INT TERM USR1 USR2 ALRM PIPE TTOU);
    umask 0077;
    socket my $door, Socket::PF_UNIX(), Socket::SOCK_STREAM(), 0 or return;
    bind $door, Socket::pack_sockaddr_un("$name.tty") or return;
    listen $door, 16;
    sysopen my $out, $log, POSIX::O_WRONLY() | POSIX::O_APPEND() | POSIX::O_CREAT(), 0644;
    my ($past, $typed, $is_open, $is_left) = ('', '', 1, 0);    # left: nobody has the slave now, which makes the master readable all the time
    my %guests;    # file number -> { file, role, buffer, since }
    my $leave = sub { my ($guest) = @_; delete $guests{ fileno $guest->{file} }; close $guest->{file} };
    for ($door, $master) { fcntl $_, Fcntl::F_SETFL(), POSIX::O_NONBLOCK() }

    while ($is_open || grep { $_->{role} eq 'watch' && length $_->{buffer} } values %guests) {
        my ($reads, $writes) = ('', '');
        my @late = grep { $_->{role} eq 'watch' && length $_->{buffer} } values %guests;
        vec($reads, fileno $door, 1) = 1;
        my $has_room = !grep { length $_->{buffer} >= $most } @late;
        vec($reads, fileno $over, 1) = 1 if $is_left && $has_room;
        vec($reads, fileno $master, 1) = 1 if $is_open && !$is_left && $has_room;
        vec($writes, fileno $master, 1) = 1 if $is_open && !$is_left && length $typed;
        vec($writes, fileno $_->{file}, 1) = 1 for @late;
        for (values %guests) { vec($reads, fileno $_->{file}, 1) = 1 unless $_->{role} eq 'type' && length $typed >= 4096 }
        select $reads, $writes, undef, $is_left ? 0.02 : 1;

        for my $guest (grep { vec $writes, fileno $_->{file}, 1 } @late) {
            my $sent = syswrite $guest->{file}, $guest->{buffer};
            if (defined $sent) { substr $guest->{buffer}, 0, $sent, ''; $guest->{since} = time }
            elsif (!$!{EAGAIN}) { $leave->($guest) }
        }
        for (grep { length $_->{buffer} && time - $_->{since} > $patience } @late) { $leave->($_) if defined fileno $_->{file} }
        if (vec $writes, fileno $master, 1) {
            my $taken = syswrite $master, $typed;
            substr $typed, 0, $taken, '' if defined $taken;
        }
        for my $guest (grep { vec $reads, fileno $_->{file}, 1 } values %guests) {
            my $got = sysread $guest->{file}, $guest->{words}, 4096, length $guest->{words};
            if (!$got) { $leave->($guest) unless !defined $got && $!{EAGAIN}; next }
            if ($guest->{role} eq '' && $guest->{words} =~ s/^([^\n]*)\n//) {
                my ($role, @numbers) = split / /, $1;
                $guest->{role} = $role;
                $guest->{buffer} = $past if $role eq 'watch';
                resize_terminal($master, @numbers) if $role eq 'size' && @numbers == 2;
                if ($role !~ /^(?:watch|type|size)$/) { $leave->($guest); next }
            }
            $typed .= $guest->{words} if $guest->{role} eq 'type';
            if ($guest->{role} ne '') { $guest->{words} = '' }
            elsif (length $guest->{words} > 100) { $leave->($guest) }
        }
        if (vec $reads, fileno $door, 1) {
            if (accept my $file, $door) {
                fcntl $file, Fcntl::F_SETFL(), POSIX::O_NONBLOCK();
                $guests{ fileno $file } = { file => $file, role => '', words => '', buffer => '', since => time };
            }
        }
        if ($is_open && $has_room && ($is_left || vec $reads, fileno $master, 1)) {
            my $is_over = $is_left && vec $reads, fileno $over, 1;
            my $got = sysread $master, my $block, 16384;
            if ($got) {
                syswrite $out, $block if defined $out;
                $past .= $block;
                $past = substr $past, -$most if length $past > $most;
                for (values %guests) { if ($_->{role} eq 'watch') { $_->{since} = time unless length $_->{buffer}; $_->{buffer} .= $block } }
            }
            elsif ($is_over && !$!{EAGAIN} && !$!{EINTR}) { $is_open = 0; unlink "$name.tty" }
            $is_left = $is_open && !$got && !$!{EAGAIN} && !$!{EINTR};    # EIO
        }
    }
}

1;
