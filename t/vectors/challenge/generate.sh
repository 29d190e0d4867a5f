#!/bin/sh
# Makes the vectors of this folder with openssl: two keys and a JWS by each of them.
# Run here; the files are kept, since signatures differ each time.
set -e
b64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
claims='{"version":"v1","iss":"https://mdm.example.com","sub":"device-guid-1","aud":"https://scep.example.com","iat":1800000000,"exp":1800003600,"nonce":"n-0001","device_name":"device-1","san_dns":["device-1.example.com"],"san_rfc822":["user@example.com"],"san_upn":["user@corp.example.com"]}'
openssl genrsa -out rs256.key 2048
openssl ecparam -name prime256v1 -genkey -noout -out es256.key
openssl pkey -in rs256.key -pubout -out rs256.pem
openssl req -x509 -new -key es256.key -subj '/CN=MDM connector' -days 36500 -out es256.pem
for alg in RS256 ES256; do
    name=$(echo $alg | tr A-Z a-z)
    input=$(printf '{"alg":"%s","typ":"JWT"}' $alg | b64url).$(printf '%s' "$claims" | b64url)
    printf '%s' "$input" | openssl dgst -sha256 -sign $name.key -out signature.tmp
    if [ $alg = ES256 ]; then
        # r and s, 32 octets each, out of the DER.
        openssl asn1parse -inform DER -in signature.tmp |
            sed -n 's/.*INTEGER *://p' |
            while read -r number; do printf '%64s' "$number" | tr ' ' 0; done |
            xxd -r -p >raw.tmp
        mv raw.tmp signature.tmp
    fi
    printf '%s.%s' "$input" "$(b64url <signature.tmp)" >$name.jws
done
rm -f signature.tmp rs256.key es256.key
