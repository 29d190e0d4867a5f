#!/bin/sh
# Makes the vectors of this folder with openssl cmp (3.0), which plays both sides: messages of
# its client (NAME.der) and of its server (NAME_rsp.der), each a PKIMessage.
# Run here; the files are kept, since keys and signatures differ each time.
set -e
exec </dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$PWD
cd "$work"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
    -subj '/O=Example/CN=Vector CA' -days 36500 -out ca.pem
openssl ecparam -name prime256v1 -genkey -noout -out old.key
openssl req -new -key old.key -subj '/O=Example/CN=device.example.com' -out old.csr
printf 'subjectAltName=DNS:device.example.com\nkeyUsage=digitalSignature\n' >old.ext
openssl x509 -req -in old.csr -CA ca.pem -CAkey ca.key -set_serial 0x1122334455667788 \
    -days 36500 -extfile old.ext -out old.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
openssl genrsa -out rsa2048.key 2048
openssl genpkey -algorithm ED25519 -out ed25519.key
openssl req -new -key p256.key -subj '/O=Example/CN=device.example.com' \
    -addext 'subjectAltName=DNS:device.example.com' -out p256.csr

# cmp NAME ARGUMENTS: the first request and the first response of a transaction.
cmp() {
    name=$1
    shift
    openssl cmp -use_mock_srv -config '' -recipient '/O=Example/CN=Vector CA' \
        -srv_ref srv -srv_secret pass:secret -rsp_cert old.pem -rsp_capubs ca.pem \
        -reqout req.1,req.2,req.3,req.4 -rspout rsp.1,rsp.2,rsp.3,rsp.4 "$@" >log 2>&1 ||
        [ -f req.1 ] || { cat log; exit 1; }
    mv req.1 "$here/$name.der"
    mv rsp.1 "$here/${name}_rsp.der"
    for kind in req rsp; do
        if [ -n "$confirm" ] && [ -f $kind.2 ]; then mv $kind.2 "$here/${confirm}_$kind.der"; fi
    done
    rm -f req.? rsp.?
}
mac='-ref device -secret pass:secret'

subject='/O=Example/CN=device.example.com'
for key in p256 p384 rsa2048 ed25519; do
    cmp ir_$key -cmd ir $mac -newkey $key.key -subject "$subject" \
        -sans device.example.com,192.0.2.7 -out_trusted ca.pem -certout c.pem
done
cmp ir_days -cmd ir $mac -newkey p256.key -subject "$subject" -days 30 \
    -issuer '/O=Example/CN=Vector CA' -implicit_confirm -certout c.pem
cmp ir_ra_verified -cmd ir $mac -newkey p256.key -subject "$subject" -popo 0 -certout c.pem
cmp ir_no_proof -cmd ir $mac -newkey p256.key -subject "$subject" -popo -1 -certout c.pem
cmp ir_key_encipherment -cmd ir $mac -newkey rsa2048.key -subject "$subject" -popo 2 \
    -certout c.pem
confirm=conf cmp cr -cmd cr $mac -newkey old.key -subject "$subject" -certout c.pem
cmp kur -cmd kur $mac -oldcert old.pem -newkey p256.key -certout c.pem
cmp p10cr -cmd p10cr $mac -csr p256.csr -certout c.pem
cmp rr -cmd rr $mac -oldcert old.pem -revreason 1
cmp rr_no_reason -cmd rr $mac -oldcert old.pem
cmp genm -cmd genm $mac -infotype signKeyPairTypes
confirm=poll cmp ir_waiting -cmd ir $mac -newkey old.key -subject "$subject" -poll_count 2 \
    -check_after 1 -certout c.pem
cmp refused -cmd cr $mac -newkey p256.key -subject "$subject" -pkistatus 2 -failure 19 \
    -statusstring refused -certout c.pem
openssl x509 -in old.pem -outform DER -out "$here/old.der"
openssl x509 -in ca.pem -outform DER -out "$here/ca.der"
