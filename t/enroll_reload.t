# One worker watches signerd, for all: across reloads and when it is killed, and without keeping
# a worker that is to end.
use strict;
use warnings;
use Enroll::FakeRevocation;
use Enroll::Test;
use MIME::Base64 ();
use Time::HiRes qw(sleep);

ca_init();
fake_revocation('revocation');
publish(crl_list(ca => 'issuing', number => 1));
# The processes of a proxy's cache begin as workers do.
my %option = (workers => 2, listen => 'default_server', http => <<'END');
    enroll_crl_path %%DIR%%/crls;
    enroll_pass revocation;
    upstream revocation { server unix:%%DIR%%/first.sock; server unix:%%DIR%%/revocation.sock; keepalive 4; }
    proxy_cache_path %%DIR%%/cache keys_zone=cache:1m;
END
my $server = <<'END';
    add_header X-Worker $pid always;
    location = /issuing.crl { enroll_crl issuing; }
    location /ocsp/ { enroll_ocsp; }
END
start_nginx($server, %option);
allow_log(qr/connect\(\) to unix:.*failed/, qr/exited on signal 9/);

my $base = 'http://127.0.0.1:' . port('https');

sub served { return http("$base/issuing.crl")->{body} }
sub serves { my ($text, $why) = @_; ok(wait_until(sub { served() eq $text }), $why); return }

# Whether signerd was asked for this one.
sub fresh {
    my ($serial) = @_;
    my $before = asked('ocsp');
    http("$base/ocsp/" . MIME::Base64::encode_base64(ocsp_request($serial), '') =~ s/\+/-/gr =~ s{/}{_}gr);
    return asked('ocsp') - $before;
}

sub workers {
    my $master = pid_of('nginx');
    return grep { slurp("/proc/$_/stat") =~ /\) [^Z] $master / && slurp("/proc/$_/cmdline") =~ /worker process/ }
        map { m{(\d+)$} } glob '/proc/[0-9]*';
}

# Who has fetched the last list. A list is served a moment before that is logged.
sub watcher { my @pids = read_file('error.log') =~ / (\d+)#\d+: crl: "issuing.crl" is number/g; return $pids[-1] }

sub settle { my $asked = asked('watch'); wait_until(sub { asked('watch') > $asked }, 0.5); return asked('watch') }

serves("list 1 of issuing\n", 'a list, from the second server of the upstream');
wait_until(sub { asked('watch') >= 2 });
is(settle(), 2, 'one process watches: a first question, and one that waits');
is(fresh(7), 1, 'a certificate is asked for');
is(fresh(7), 0, 'and is in the cache');

# --- a reload ---

my @old = workers();
my $first = watcher();
ok((grep { $_ == $first } @old), 'a worker watches');
my $watches = asked('watch');
reload_nginx($server, %option);
ok(wait_until(sub { my %now = map { $_ => 1 } workers(); !grep { $now{$_} } @old }), 'the old workers end');
ok(wait_until(sub { asked('watch') > $watches }), 'a new one asks');
is(fresh(7), 0, 'the cache is still there');
is(served(), "list 1 of issuing\n", 'so is the list');
revoke('07');
ok(wait_until(sub { fresh(7) }), 'a revocation drops the answer');
publish(crl_list(ca => 'issuing', number => 2));
serves("list 2 of issuing\n", 'a new list');
ok(wait_until(sub { watcher() != $first }), 'by another worker');
settle();

# --- the watcher is killed ---

is(fresh(8), 1, 'another certificate');
my $second = watcher();
kill 'KILL', $second;
revoke('07');
publish(crl_list(ca => 'issuing', number => 3));
serves("list 3 of issuing\n", 'a new list after a kill');
ok(wait_until(sub { watcher() != $second }), 'by another worker');
ok(wait_until(sub { fresh(7) }), 'and what was revoked is asked for');
is(fresh(8), 0, 'the rest of the cache is there');
# One that was killed as it wrote a list has left this.
write_file('crls/issuing.crl.4194305.tmp', 'x');
settle();
kill 'KILL', watcher();
ok(wait_until(sub { !-e path('crls/issuing.crl.4194305.tmp') }), 'leftovers are removed');

# --- a signerd that refuses ---

sub refuses { my ($code) = @_; change_state(sub { $_[0]{refuse_watch} = $code }); return }
my $lines = () = read_file('error.log') =~ /no news of revocations/g;
refuses(6);
revoke('0a');    # ends the question that waits
ok(wait_until(sub { $lines < (() = read_file('error.log') =~ /no news of revocations and CRLs from "revocation": /g) }),
    'a signerd that refuses is in the log');
is(served(), "list 3 of issuing\n", 'the list is served');
is(fresh(8), 0, 'so is the cache');
refuses(0);
ok(wait_until(sub { read_file('error.log') =~ /news of revocations and CRLs from "revocation" again/ }), 'and when it is back');

# --- a signerd that comes back, with a store that may be another one ---

fresh(9);
is(fresh(9), 0, 'a response is kept');
stop_revocation('revocation');
is(fresh(9), 0, 'and given while signerd is away');
fake_revocation('revocation');
ok(wait_until(sub { fresh(9) }), 'but not after it is back, though its numbers are the same');
is(fresh(9), 0, 'and kept again');

# --- another configuration ---

reload_nginx('return 204;', %option, http => '');
ok(wait_until(sub { http("$base/")->{status} == 204 }), 'without any of it');
$watches = settle();
reload_nginx($server, %option);
serves("list 3 of issuing\n", 'and with it again');
ok(wait_until(sub { asked('watch') > $watches }), 'somebody watches');
is(fresh(8), 1, 'the cache begins empty');
@old = workers();
ok(stop('nginx', 'QUIT'), 'nginx ends while a question waits');
unlike(read_file('error.log'), qr/open socket/, 'and leaves no connection');
