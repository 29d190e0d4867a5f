#!/usr/bin/perl
# The schema of signerd.json: the manual describes the same keys with the same defaults; the
# schema is valid itself, accepts the example and refuses what signerd refuses, as far as a
# schema can say it.
use strict;
use warnings;
use FindBin;
use IPC::Open2;
use JSON::PP;
use Test::More;
chdir "$FindBin::Bin/.." or die;

sub content {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!";
    local $/;
    return <$in>;
}

my $schema = decode_json(content('conf/signerd.schema.json'));

# Sections of the manual: {title}{key} is the text.
sub manual {
    my (%sections, $section, $key);
    for (split /^/, content('docs/signerd.json.md')) {
        if (/^## (.*)/) { ($section, $key) = ($1, '') }
        elsif (/^### (.*)/) { $key = $1; $sections{$section}{$key} = '' }
        elsif ($key) { $sections{$section}{$key} .= $_ }
    }
    return \%sections;
}

my %titles = (
    '' => 'Top level', listen => 'Sockets: listen[]', peer => 'Peers: listen[].peers[]',
    ca => 'CAs: cas.*', successor => 'Rollover: cas.*.successor', profile => 'Profiles: profiles.*', limits => 'Limits: limits',
    subject_rule => 'Subject attributes: profiles.*.subject.*',
    san          => 'Alternative names: profiles.*.san',
    crl => 'CRLs: cas.*.crl', ocsp => 'OCSP: cas.*.ocsp',
    scep => 'SCEP: profiles.*.scep', cmp => 'CMP: profiles.*.cmp',
    est => 'EST: profiles.*.est',
    csr_attributes => 'CSR attributes: profiles.*.est.csr_attributes',
    renewal => 'Renewals: profiles.*.*.renewal',
    static_challenge => 'Static secrets: challenges.*',
    hmac_challenge => 'Tokens: challenges.*', hmac_key => 'Keys of tokens: challenges.*.keys[]',
    jws_challenge => 'JWS: challenges.*',
    webhook_challenge => 'Webhooks: challenges.*', intune_challenge => 'Intune: challenges.*',
    outside => 'Calls outside: outside',
);
my $manual = manual();
for my $name (sort keys %titles) {
    my $object = $name ? $schema->{'$defs'}{$name} : $schema;
    my ($properties, $section) = ($object->{properties}, $manual->{$titles{$name}});
    is_deeply([sort keys %$section], [sort keys %$properties], "manual: $titles{$name}");
    my %required = map { $_ => 1 } @{$object->{required} || []};
    for my $key (sort keys %$properties) {
        my $text = $section->{$key} =~ s/\s+/ /gr;
        is($text =~ /\. Required\./ ? 1 : 0, $required{$key} ? 1 : 0, "manual: $key: required");
        my $default = $properties->{$key}{default} // next;
        $default = JSON::PP->new->canonical->allow_nonref->encode($default);
        like($text, qr/Default: `\Q$default\E`/, "manual: $key: default");
    }
}

# The rest needs a judge.
if (system('python3 -c "import jsonschema" 2>/dev/null') != 0) {
    diag 'python3-jsonschema is missing: the schema itself is not tested';
    done_testing();
    exit;
}

# One verdict per line: the number of errors of each document.
my $judge = <<'PYTHON';
import json, sys
from jsonschema import Draft202012Validator as Validator
schema = json.load(open("conf/signerd.schema.json"))
Validator.check_schema(schema)
for line in sys.stdin:
    print(len(list(Validator(schema).iter_errors(json.loads(line)))), flush=True)
PYTHON
my $pid = open2(my $verdicts, my $documents, 'python3', '-c', $judge);

sub example { return decode_json(content('conf/signerd.json')) }

sub errors {
    my ($document) = @_;
    print $documents encode_json($document), "\n";
    $documents->flush;
    my $verdict = <$verdicts> // die 'no verdict';
    return $verdict + 0;
}

# The example after a change to the named part of it.
sub refused {
    my ($name, $part, $change) = @_;
    my $document = example();
    my $device = $document->{profiles}{device};
    my %parts = (
        file     => $document,
        ca       => $document->{cas}{issuing},
        crl      => $document->{cas}{issuing}{crl},
        ocsp     => $document->{cas}{issuing}{ocsp},
        successor => $document->{cas}{issuing}{successor},
        profile  => $device,
        CN       => $device->{subject}{CN},
        san      => $device->{san},
        limits   => $document->{limits},
        socket   => $document->{listen}[0],
        frontend => $document->{listen}[0]{peers}[0],
        admin    => $document->{listen}[1]{peers}[0],
    );
    $change->($parts{$part});
    cmp_ok(errors($document), '>', 0, $name);
}

is(errors(example()), 0, 'the example is valid');

for my $part (qw(file ca crl ocsp successor profile CN san limits socket frontend admin)) {
    refused("$part: unknown key", $part, sub { $_[0]{unknown} = 1 });
}
for ([file => qw(id store listen cas profiles)], [ca => qw(tenant certificate key)],
    [successor => qw(ca)],
    [profile => qw(ca keys validity)], [socket => qw(path peers)], [frontend => qw(name role)]) {
    my ($part, @keys) = @$_;
    refused("$part without $_", $part, do { my $key = $_; sub { delete $_[0]{$key} } })
        for @keys;
}

my @values = (
    [file     => id                   => 'a b'],
    [file     => cas                  => {}],
    [file     => listen               => []],
    [socket   => mode                 => '660'],
    [socket   => mode                 => 432],
    [frontend => user                 => -1],
    [frontend => role                 => 'root'],
    [frontend => profiles             => 'device'],
    [frontend => profiles             => []],
    [admin    => profiles             => ['device']],
    [admin    => verify_possession    => JSON::PP::true],
    [ca       => crl_urls             => ['ftp://pki.example.com/']],
    [ca       => crl_urls             => ['http://a b/']],
    [ca       => crl                  => JSON::PP::false],
    [crl      => enabled              => 'yes'],
    [crl      => every                => 3600],
    [crl      => partitions           => 1025],
    [ocsp     => key                  => 'rsa:1024'],
    [ocsp     => validity             => '4'],
    [ca       => ocsp_urls            => ['ldap://pki.example.com/']],
    [ca       => successor            => 'issuing-2'],
    [successor => ca                  => 'a b'],
    [successor => from                => '2027-01-01'],
    [successor => from                => 1798761600],
    [successor => cross               => ''],
    [profile  => keys                 => []],
    [profile  => keys                 => ['dsa:2048']],
    [profile  => subject              => {CN => JSON::PP::true}],
    [profile  => key_usage            => ['keyCertSign']],
    [profile  => extended_key_usage   => ['anyExtendedKeyUsage']],
    [profile  => extended_key_usage   => ['2.5.29.37.0']],
    [profile  => extended_key_usage   => ['1.3.6.1.5.5.7.3.27']],
    [profile  => required_attributes  => ['password']],
    [profile  => requested_usages     => 'allow'],
    [profile  => validity             => 90],
    [profile  => validity             => '90'],
    [profile  => validity             => '-1d'],
    [profile  => must_staple          => 'yes'],
    [profile  => cmp                  => {}],
    [profile  => cmp                  => {names => 'all'}],
    [profile  => cmp                  => {names => 'any', confirm_within => 300}],
    [CN       => patterns             => []],
    [san      => dns                  => '*'],
    [san      => ip                   => ['example.com']],
    [limits   => connections          => 0],
    [limits   => queue                => '10'],
);
for (@values) {
    my ($part, $key, $value) = @$_;
    my $text = JSON::PP->new->canonical->allow_nonref->encode($value);
    refused("$part: $key $text", $part, sub { $_[0]{$key} = $value });
}
refused('frontend without profiles', 'frontend', sub { delete $_[0]{profiles} });
refused('peer without user and group', 'admin', sub { delete $_[0]{user} });

close $documents;
waitpid $pid, 0;
is($?, 0, 'the schema is valid');
done_testing();
