# Microsoft's side of SCEP with Intune, as its documentation has it: tokens for client
# credentials, the list of services, and the three actions. What validateRequest says is the
# content of path("$name.code"), at first "Success".
package Enroll::FakeIntune;
use strict;
use warnings;
use Enroll::FakeHttps;
use Enroll::Test;
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(fake_intune intune_says);

my $app = '/v1.0/servicePrincipals/appId=0000000a-0000-0000-c000-000000000000/endpoints';

sub intune_says { my ($name, $code) = @_; write_file("$name.code", $code); return }

sub form {
    my ($body) = @_;
    return map { s/%([0-9A-F]{2})/chr hex $1/ger } map { split /=/, $_, 2 } split /&/, $body;
}

sub token {
    my ($request, $secret) = @_;
    my %form = form($request->{body});
    return (401, {error => 'invalid_client'})
        if $form{grant_type} ne 'client_credentials' || $form{client_secret} ne $secret || $form{client_id} ne 'client-1';
    return (200, {token_type => 'Bearer', expires_in => 3599, access_token => "token-for-$form{scope}"});
}

sub services {
    my ($name) = @_;
    return (200, {value => [
        {providerName => 'PkiConnectorFEService', uri => 'https://other.example/'},
        {providerName => 'ScepRequestValidationFEService', uri => 'https://' . https_host($name) . '/svc'}]});
}

sub authorized {
    my ($request, $scope) = @_;
    return ($request->{headers}{authorization} // '') eq "Bearer token-for-$scope";
}

sub action {
    my ($name, $request, $what) = @_;
    return (400, {}) if ($request->{headers}{'api-version'} // '') ne '2018-02-20';
    my $body = JSON::PP::decode_json($request->{body});
    my $content = $body->{$what eq 'validateRequest' ? 'request' : 'notification'} or return (400, {});
    return (400, {}) if grep { !$content->{$_} } qw(transactionId certificateRequest callerInfo);
    my $code = $what eq 'validateRequest' ? read_file("$name.code") : 'Success';
    return (500, '') if $code eq 'error';
    return (200, {code => $code, errorDescription => ''});
}

sub fake_intune {
    my ($name, $secret) = @_;
    intune_says($name, 'Success');
    my $graph = 'https://' . https_host($name) . '/.default';
    fake_https($name, sub {
        my ($request) = @_;
        my ($method, $target) = @$request{qw(method target)};
        return token($request, $secret) if "$method $target" eq 'POST /contoso.example/oauth2/v2.0/token';
        return authorized($request, $graph) ? services($name) : (403, {}) if "$method $target" eq "GET $app";
        return (404, {}) if "$method $target" !~ m{^POST /svc/ScepActions/(\w+)$};
        return (401, {}) if !authorized($request, 'https://api.manage.microsoft.com//.default');
        return action($name, $request, $1);
    });
    return;
}

1;
