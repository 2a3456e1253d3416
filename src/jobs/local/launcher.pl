#!/usr/bin/perl
# The launcher of local jobs, and the wrapper of each.
#
# One launcher lives beside a server. For each name that it reads on standard input it forks a wrapper, which outlives the launcher, the
# server and every restart of both. The wrapper starts the program in a session of its own, keeps its time limit, passes signals to its
# process group, and writes how it ended. Perl, because a wrapper has to cost little: forked it takes 0.3 ms and 2 MB, where a
# Node process takes 49 ms and 43 MB; and a shell cannot tell exit code 143 from SIGTERM. Perl is part of every Debian.
#
# Called as "launcher.pl run FOLDER NAME" it is the wrapper of that one run, and ends as its program did: this is the batch script of
# Slurm, which copies the file to a node. Of this machine it then needs no more than Perl and the folder.
#
# Files of a run, in the current directory (NAME is 000001138.1):
#   NAME.spec   by the server: fields ended by NUL: time limit in s, grace in ms, directory, log, cgroup files (blank between), octets of
#               data that one process may have (0: any), rows and columns of its terminal (blank between; empty: it has none), number of
#               variables, those as K=V, then the words of the command
#   NAME.start  made by link(2), so there is one owner: "PID START BOOT HOST ID\n" of the wrapper (the last two in a batch system: the node, and
#               the id there); then "PID START\n" of the program. A server that makes it first ("sealed") has the promise that the run never
#               starts.
#   NAME.exit   "code signal cause user_ms system_ms max_kb\n" and words; renamed into place when all is over: the truth about the run
#
#   NAME.tty    the terminal of the run while it has one (terminal.pl)
#
# Standard output: lines for the server: "started NAME", "gone NAME" (its wrapper has ended, in whatever way).
use strict;
use POSIX ();

# Numbers of system calls that Perl has no names for: getrusage, prctl, prlimit64.
my %calls = (x86_64 => [98, 157, 302], aarch64 => [165, 167, 261]);
my ($getrusage, $prctl, $prlimit) = @{ $calls{ (POSIX::uname())[4] } || [-1, -1, -1] };
my $boot = do { open my $file, '<', '/proc/sys/kernel/random/boot_id'; (defined $file && <$file>) || 'unknown' };
chomp $boot;
my ($alone, $where) = (0, '');             # the wrapper of one run in a batch system; its node, and its id there
my $relay = 0;                             # the process that holds the terminal of this wrapper's run
my $over;                                  # a pipe to it, whose end tells that the program is over
my %names;                                 # process id of a wrapper -> its run
my $buffer = '';

run_alone(@ARGV[1, 2]) if @ARGV == 3 && $ARGV[0] eq 'run';

pipe(my $wake_read, my $wake_write) or die "pipe: $!";
for my $end ($wake_read, $wake_write) { fcntl($end, POSIX::F_SETFL(), POSIX::O_NONBLOCK()) }
$SIG{CHLD} = sub { syswrite $wake_write, 'x' };
$SIG{PIPE} = 'IGNORE';
$SIG{INT} = $SIG{TERM} = $SIG{HUP} = 'IGNORE';    # it ends with its standard input, when the server does

while (1) {
    my $wanted = '';
    vec($wanted, fileno(STDIN), 1) = vec($wanted, fileno($wake_read), 1) = 1;
    next if select(my $ready = $wanted, undef, undef, undef) < 0;
    if (vec($ready, fileno($wake_read), 1)) {
        sysread $wake_read, my $junk, 4096;
        while ((my $pid = waitpid(-1, POSIX::WNOHANG())) > 0) {
            my $name = delete $names{$pid};
            tell_server("gone $name") if defined $name;
        }
    }
    next unless vec($ready, fileno(STDIN), 1);
    my $got = sysread STDIN, $buffer, 65536, length $buffer;
    next if !defined $got && $!{EINTR};
    exit 0 if !$got;
    while ($buffer =~ s/^([^\n]*)\n//) {
        my $name = $1;
        my $pid = fork;
        if (!defined $pid) { tell_server("gone $name"); next }
        if ($pid == 0) { wrap($name); POSIX::_exit(0) }
        $names{$pid} = $name;
    }
}

sub tell_server { syswrite STDOUT, "$_[0]\n" unless $alone }

# The whole life of a batch script.
sub run_alone {
    my ($folder, $name) = @_;
    chdir $folder or die "weir: the folder of the runs is not on this node: $folder: $!\n";
    my $node = $ENV{SLURMD_NODENAME} || (POSIX::uname())[1];
    ($alone, $where) = (1, " $node " . ($ENV{SLURM_JOB_ID} || '-'));
    my $status = wrap($name);
    exit 0 if !defined $status;    # the server has sealed the run, or another wrapper was first
    exit $status >> 8 if ($status & 127) == 0;
    my $signal = $status & 127;
    POSIX::sigaction($signal, POSIX::SigAction->new('DEFAULT'));
    POSIX::sigprocmask(POSIX::SIG_SETMASK(), POSIX::SigSet->new);
    kill $signal, $$;
    exit 128 + $signal;
}

# Process id and start time of this process (/proc/PID/stat, field 22): both together name a process for as long as the machine is up.
sub identity {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/stat" or return "$pid 0";
    my $line = <$file>;
    $line =~ s/^.*\) //s;    # the name of the program may hold anything
    return "$pid " . (split / /, $line)[19];
}

sub write_file {
    my ($path, $text) = @_;
    sysopen my $file, $path, POSIX::O_WRONLY() | POSIX::O_CREAT() | POSIX::O_TRUNC(), 0600 or return 0;
    my $done = syswrite $file, $text;
    close $file;
    return defined $done && $done == length $text;
}

sub wrap {
    my ($name) = @_;
    POSIX::setsid() unless $alone;    # there it is the batch system that keeps track of it
    my @signals = (POSIX::SIGTERM(), POSIX::SIGUSR1(), POSIX::SIGUSR2(), POSIX::SIGHUP(), POSIX::SIGALRM(), POSIX::SIGCHLD());
    my $blocked = POSIX::SigSet->new(@signals);
    POSIX::sigprocmask(POSIX::SIG_BLOCK(), $blocked);
    open STDIN, '<', '/dev/null';
    if (!$alone) { close $wake_read; close $wake_write }

    open my $spec, '<', "$name.spec" or return;
    local $/;
    my @fields = split /\0/, <$spec>, -1;
    close $spec;
    # The last field ends in NUL, too: without that the server did not finish writing.
    return if @fields < 10 || pop(@fields) ne '';
    my ($limit, $grace, $directory, $log, $groups, $data, $size, $count, @rest) = @fields;
    my @variables = splice @rest, 0, $count;

    my $me = identity($$);    # the program bears it as WEIR_WRAPPER, and all that come of it: no other run has the same
    my $fresh = "$name." . (POSIX::uname())[1] . ".$$";    # nodes may share the folder
    write_file($fresh, "$me $boot$where\n") or return;
    my $is_mine = link $fresh, "$name.start";
    unlink $fresh;
    return unless $is_mine;

    syscall $prctl, 36, 1, 0, 0, 0;                     # PR_SET_CHILD_SUBREAPER: what the program leaves behind becomes ours
    pipe(my $fault_read, my $fault_write) or return;    # closed by exec: what comes through it is why there was none
    my $wrapper = $$;
    my $slave = '';
    if ($size ne '') {
        ($slave, my $why) = start_terminal($name, $size, $log);
        if (!defined $slave) { finish($name, 0, 0, 'start', $why); return 127 << 8 }
    }
    my $pid = fork;
    if (!defined $pid) { end_children(); finish($name, 0, 0, 'start', "fork: $!"); return 127 << 8 }
    if ($pid == 0) {
        close $fault_read;
        $SIG{$_} = 'DEFAULT' for qw(TERM INT USR1 USR2 HUP ALRM CHLD PIPE);
        POSIX::setsid();
        syscall $prctl, 1, 9, 0, 0, 0;                  # PR_SET_PDEATHSIG, SIGKILL: without its wrapper nobody keeps its limits
        POSIX::_exit(1) if getppid != $wrapper;
        POSIX::sigprocmask(POSIX::SIG_UNBLOCK(), $blocked);
        my $fault = ($slave eq '' ? say_to($log) : take_terminal($slave)) || hold($groups, $data)
            || become($directory, [@variables, "WEIR_WRAPPER=$me"], \@rest);
        syswrite STDERR, "weir: cannot start $fault\n";
        syswrite $fault_write, $fault;
        POSIX::_exit(127);
    }
    close $fault_write;
    if (open my $start, '>>', "$name.start") { syswrite $start, identity($pid) . "\n" }
    tell_server("started $name");
    open STDOUT, '>', '/dev/null';    # or the server would wait for the end of this
    open STDERR, '>', '/dev/null' unless $alone;

    my ($wants_stop, $wants_kill, $wants_pause, $wants_go, $wants_look, $has_rung) = (0) x 6;
    $SIG{TERM} = sub { $wants_stop = 1 };
    $SIG{HUP} = sub { $wants_kill = 1 };
    $SIG{USR1} = sub { $wants_pause = 1 };
    $SIG{USR2} = sub { $wants_go = 1 };
    $SIG{CHLD} = sub { $wants_look = 1 };
    $SIG{ALRM} = sub { $has_rung = 1 };
    my $cause = '';
    my $none = POSIX::SigSet->new;
    my $until = $limit > 0 ? time + $limit : 0;
    alarm $limit if $limit > 0;
    my $stop = sub {    # TERM, and continue what is stopped, or it would never hear it
        kill 'TERM', -$pid;
        kill 'CONT', -$pid;
        alarm($grace > 1000 ? int(($grace + 999) / 1000) : 1);
    };
    my $status;
    while (1) {
        while ((my $ended = waitpid(-1, POSIX::WNOHANG())) > 0) {
            $status = $? if $ended == $pid;
            $relay = 0 if $ended == $relay;
        }
        last if defined $status;
        if ($wants_kill || ($has_rung && $cause ne '')) {
            $cause ||= 'stopped';
            kill 'KILL', -$pid;
            $wants_kill = $has_rung = 0;
        }
        if ($has_rung) {
            $has_rung = 0;
            # The clock of alarm stands still while the machine sleeps, and rings early after another one was set.
            if ($until > 0 && time >= $until) { $cause = 'timeout'; $stop->() }
            elsif ($until > 0) { alarm $until - time }
        }
        if ($wants_stop) { $wants_stop = 0; if ($cause eq '') { $cause = 'stopped'; $stop->() } }
        if ($wants_pause) { $wants_pause = 0; kill 'STOP', -$pid }
        if ($wants_go) { $wants_go = 0; kill 'CONT', -$pid }
        POSIX::sigsuspend($none);
    }
    alarm 0;
    if ($alone && $status != 0 && $cause eq '') {    # a batch system signals all processes one by one, the program perhaps first
        select undef, undef, undef, 0.05;
        my $pending = POSIX::SigSet->new;
        POSIX::sigpending($pending);
        $cause = 'stopped' if $wants_stop || $pending->ismember(POSIX::SIGTERM());
    }
    kill 'KILL', -$pid;    # what is left of the group: the job's resources are free from here on
    end_children();
    end_relay();
    my $fault = '';
    sysread $fault_read, $fault, 4096;
    $cause = 'start' if $fault ne '';
    finish($name, $status >> 8, $status & 127, $cause, $fault);
    return $status;
}

# Ends what has left the group of the program. Orphans come to this process, so they are its children: their ids are nobody else's before they
# are waited for. What a killed one leaves comes next; each round takes a generation, and one that forks faster than this is given up.
sub end_children {
    my $until = time + 10;
    while (time < $until) {
        while ((my $ended = waitpid(-1, POSIX::WNOHANG())) > 0) { $relay = 0 if $ended == $relay }
        my @left = children() or return;
        kill 'STOP', @left;    # so that they fork no more while their turn comes
        kill 'KILL', @left;
        select undef, undef, undef, 0.002;
    }
}

sub children {
    open my $file, '<', "/proc/$$/task/$$/children" or return;
    return grep { $_ != $relay } split / /, <$file> // '';
}

# Makes the terminal of the run, and the process that serves it. Answers the name of the program's side, or undef and the reason.
sub start_terminal {
    my ($name, $size, $log) = @_;
    require(($0 =~ s{[^/]*$}{}r) . 'terminal.pl');
    my ($master, $slave) = open_terminal($size);
    return (undef, $slave) if !defined $master;
    pipe(my $over_read, $over) or return (undef, "pipe: $!");
    $relay = fork // return (undef, "fork: $!");
    if ($relay == 0) {
        close $over;
        syscall $prctl, 1, 9, 0, 0, 0;    # as the program: it ends with its wrapper
        setpgrp 0, 0;
        for (*STDIN, *STDOUT, *STDERR) { open $_, '+<', '/dev/null' }
        relay_terminal($name, $master, $log, $over_read);
        POSIX::_exit(0);
    }
    return ($slave, '');
}

# The relay ends by itself when what was said is told; one that nobody listens to is not waited for.
sub end_relay {
    close $over if defined $over;
    for (1 .. 1000) {
        return if $relay == 0 || waitpid($relay, POSIX::WNOHANG()) != 0;
        select undef, undef, undef, 0.002;
    }
    kill 'KILL', $relay;
    waitpid $relay, 0;
}

# What the kernel is to hold this process to. Answers the reason when it cannot be.
sub hold {
    my ($groups, $data) = @_;
    syscall $prlimit, 0, 2, pack('q2', $data, $data), 0 if $data > 0;    # RLIMIT_DATA
    for my $group (split / /, $groups) {
        open my $procs, '>', $group or return "cgroup $group: $!";
        syswrite $procs, $$ or return "cgroup $group: $!";
    }
    return '';
}

sub say_to {
    my ($log) = @_;
    sysopen my $out, $log, POSIX::O_WRONLY() | POSIX::O_APPEND() | POSIX::O_CREAT(), 0644 or return "the log $log: $!";
    POSIX::dup2(fileno $out, 1);
    POSIX::dup2(fileno $out, 2);
    return '';
}

# Becomes the program; comes back with the reason when it cannot.
sub become {
    my ($directory, $variables, $words) = @_;
    chdir $directory or return "the directory $directory: $!";
    # What a batch system says of the place: its own variables, and which graphics processors are the job's.
    my %place = map { ($_ => $ENV{$_}) } $alone ? grep { /^SLURM|^(CUDA|ROCR)_VISIBLE_DEVICES$|^GPU_DEVICE_ORDINAL$/ } keys %ENV : ();
    %ENV = (%place, map { my ($key, $value) = split /=/, $_, 2; ($key => $value) } @$variables);
    no warnings;
    exec { $words->[0] } @$words;
    return "$words->[0]: $!";
}

sub finish {
    my ($name, $code, $signal, $cause, $words) = @_;
    my $usage = "\0" x 256;
    syscall $getrusage, -1, $usage;    # RUSAGE_CHILDREN: those that were waited for, and theirs
    my ($us, $uu, $ss, $su, $max) = unpack 'q5', $usage;
    my $user = $us * 1000 + int($uu / 1000);
    my $system = $ss * 1000 + int($su / 1000);
    $words =~ s/\s+/ /g;
    write_file("$name.exit.tmp", "$code $signal " . ($cause || '-') . " $user $system $max\n$words") or return;
    rename "$name.exit.tmp", "$name.exit";
}
