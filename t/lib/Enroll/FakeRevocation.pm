# A signerd that knows of CRLs, revocations and OCSP what a test has written down. What it says
# is no real CRL or OCSP response: nginx does not look into them.
package Enroll::FakeRevocation;
use strict;
use warnings;
use Digest::SHA qw(sha256);
use Enroll::FakeSigner;
use Enroll::Test qw(path write_file read_file must slurp stop pid_of);
use Exporter 'import';
use JSON::PP ();
use Time::HiRes qw(sleep);

our @EXPORT = qw(fake_revocation stop_revocation state crl_list publish revoke everything asked ocsp_request change_state);

use constant {CRL_REQUEST => 26, CRL_REPLY => 27, WATCH_REQUEST => 28, WATCH_REPLY => 29,
    OCSP_REQUEST => 30, OCSP_REPLY => 31};

my $json = JSON::PP->new->canonical;
my $chunk = 128 * 1024;

# --- what it knows, in a file: change, everything (from which change on all may be another),
# revoked ([change, serial] of each), version, lists ({ca, partition, delta, number, text, this,
# next, times that the text is repeated} by name), ocsp ({error, silent, change, next, size}: how it answers),
# refuse_watch (a code) ---

sub state { return $json->decode(read_file('revocation.json')) }

sub change_state {
    my ($change) = @_;
    my $state = -e path('revocation.json') ? state()
        : {change => 1, everything => 0, revoked => [], version => 1, lists => {}, ocsp => {}};
    $change->($state);
    write_file('revocation.new', $json->encode($state));
    rename path('revocation.new'), path('revocation.json') or die $!;
    return;
}

# A list: ca, number, text (default: some), and partition, delta, this, next, sha256 if wished.
sub crl_list {
    my (%list) = @_;
    $list{text} //= "list $list{number} of $list{ca}\n";
    return {partition => 0, delta => 0, this => time - 100, next => time + 3600, %list};
}

sub publish {
    my @lists = @_;
    change_state(sub {
        my ($state) = @_;
        $state->{version}++;
        $state->{lists}{"$_->{ca} $_->{partition} $_->{delta}"} = $_ for @lists;
    });
    return;
}

sub revoke {
    my @serials = @_;
    change_state(sub {
        my ($state) = @_;
        push @{$state->{revoked}}, [++$state->{change}, $_] for @serials;
    });
    return;
}

sub everything { change_state(sub { $_[0]{everything} = ++$_[0]{change} }); return }

# How many requests of this kind were read: crl, watch, ocsp.
sub asked { my ($kind) = @_; return length read_file("asked.$kind") }

# --- frames ---

sub fields {
    my ($bytes) = @_;
    my %fields;
    while (length $bytes) {
        my ($tag, $length) = unpack 'C N', $bytes;
        push @{$fields{$tag}}, substr $bytes, 5, $length;
        $bytes = substr $bytes, 5 + $length;
    }
    return \%fields;
}

sub text { my ($fields, $tag) = @_; return $fields->{$tag} ? $fields->{$tag}[0] : '' }

sub number {
    my ($fields, $tag) = @_;
    return hex unpack 'H*', text($fields, $tag) || "\0";
}

sub u64 { my ($tag, $value) = @_; return $value ? ([$tag => pack 'Q>', $value]) : () }

sub note { my ($kind) = @_; open my $out, '>>', path("asked.$kind") or die $!; print {$out} 'x'; return }

# --- answers ---

sub crl_name {
    my ($list) = @_;
    my @fields = ([1 => $list->{ca}]);
    push @fields, [2 => pack 'N', $list->{partition}] if $list->{partition};
    push @fields, [3 => "\1"] if $list->{delta};
    push @fields, [4 => pack 'Q>', $list->{number}];
    return join '', map { pack('C N', $_->[0], length $_->[1]) . $_->[1] } @fields;
}

sub watch_answer {
    my ($id, $fields) = @_;
    my ($known, $version) = (number($fields, 1), number($fields, 2));
    my $state = state();
    return error_frame($id, $state->{refuse_watch}, 'as told') if $state->{refuse_watch};
    for (1 .. 2000) {    # as kWatchSeconds
        $state = state();
        last if $state->{change} != $known || $state->{version} != $version;
        sleep 0.01;
    }
    my @answer = u64(1, $state->{change});
    push @answer, [2 => "\1"] if !$known || $state->{everything} > $known;
    push @answer, map { [3 => pack 'H*', $_->[1]] } grep { $_->[0] > $known } @{$state->{revoked}};
    push @answer, u64(4, $state->{version});
    push @answer, map { [5 => crl_name($state->{lists}{$_})] } sort keys %{$state->{lists}}
        if $state->{version} != $version;
    return frame(WATCH_REPLY, $id, @answer);
}

sub crl_answer {
    my ($id, $fields) = @_;
    my $name = join ' ', text($fields, 1), number($fields, 2), number($fields, 3);
    my $list = state()->{lists}{$name} or return error_frame($id, 8, 'no such list');
    my $number = number($fields, 4);
    return error_frame($id, 8, 'no such number') if $number && $number != $list->{number};
    my $offset = number($fields, 5);
    my $text = $list->{text} x ($list->{times} || 1);
    my $data = $offset < length $text ? substr $text, $offset, $chunk : '';
    return frame(CRL_REPLY, $id, u64(1, $list->{number}), u64(2, $list->{this}), u64(3, $list->{next}),
        u64(4, length $text), [5 => $list->{sha256} ? pack 'H*', $list->{sha256} : sha256($text)],
        length $data ? [6 => $data] : ());
}

# The text says which answer it is, and what was asked.
sub ocsp_answer {
    my ($id, $fields) = @_;
    my $how = state()->{ocsp};
    sleep 0.01 while $how->{silent} && -e path('silent');
    return error_frame($id, $how->{error}, 'as told') if $how->{error};
    my $text = sprintf "response %d, %d certificates, nonce %s\n", asked('ocsp'), scalar @{$fields->{1}},
        unpack 'H*', text($fields, 2);
    $text .= 'x' x ($how->{size} || 0);
    return frame(OCSP_REPLY, $id, [1 => $text], u64(2, time - 10), u64(3, $how->{next} // time + 600),
        u64(4, $how->{change} // state()->{change}));
}

my %answers = (CRL_REQUEST, ['crl', \&crl_answer], WATCH_REQUEST, ['watch', \&watch_answer],
    OCSP_REQUEST, ['ocsp', \&ocsp_answer]);

# Listens on path("$name.sock"), as fake_signer().
sub fake_revocation {
    my ($name) = @_;
    change_state(sub { });
    fake_signer($name, sub {
        my ($socket, $request) = @_;
        my ($kind, $answer) = @{$answers{$request->{kind}} || die "kind $request->{kind}"};
        note($kind);
        my $frame = $answer->($request->{id}, fields($request->{fields}));
        my $sent = 0;
        while ($sent < length $frame) {
            my $n = syswrite $socket, $frame, length($frame) - $sent, $sent;
            return 0 if !$n;
            $sent += $n;
        }
        return 1;
    });
    return;
}

# With its connections.
sub stop_revocation {
    my ($name) = @_;
    kill 'TERM', -pid_of($name);
    return stop($name);
}

# --- OCSP requests, made by openssl ---

# DER, for certificates of path('ca')'s issuing CA with these serial numbers, in decimal.
sub ocsp_request {
    my ($serials, @options) = @_;
    my @serials = map { ('-serial', $_) } ref $serials ? @$serials : $serials;
    must(qw(openssl ocsp -issuer), path('ca/issuing.pem'), @serials, '-reqout', path('ocsp.req'),
        @options ? @options : '-no_nonce');
    return slurp(path('ocsp.req'));
}

1;
