#include "t/tools/cmp_verify.h"

#include <openssl/hmac.h>

#include "libpki/base/der_reader.h"
#include "libpki/ossl/key.h"
#include "libpki/ossl/pbkdf2.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::ossl::Hash;
namespace der = pki::der;

Hash hash_named(Bytes id) {
    const std::map<std::string, Hash> names{{"1.3.14.3.2.26", Hash::sha1},
                                            {"2.16.840.1.101.3.4.2.1", Hash::sha256},
                                            {"2.16.840.1.101.3.4.2.2", Hash::sha384},
                                            {"2.16.840.1.101.3.4.2.3", Hash::sha512},
                                            {"1.3.6.1.5.5.8.1.2", Hash::sha1},
                                            {"1.2.840.113549.2.7", Hash::sha1},
                                            {"1.2.840.113549.2.9", Hash::sha256},
                                            {"1.2.840.113549.2.10", Hash::sha384},
                                            {"1.2.840.113549.2.11", Hash::sha512}};
    const auto found = names.find(pki::x509::oid_to_text(id));
    if (found == names.end()) die("a hash: " + pki::x509::oid_to_text(id));
    return found->second;
}

// A MAC: the key that its parameters give, and the hash.
struct Mac {
    Buffer key;
    Hash hash = Hash::none;
};

Mac pbm_of(Bytes secret, der::Reader fields) {
    const Bytes salt = *fields.content(der::kOctetString);
    const Hash owf = hash_named(*fields.enter(der::kSequence)->oid());
    const std::uint64_t iterations = *fields.small_integer();
    return {pbm_key(owf, secret, salt, iterations),
            hash_named(*fields.enter(der::kSequence)->oid())};
}

Mac pbmac1_of(Bytes secret, der::Reader fields) {
    der::Reader kdf = *fields.enter(der::kSequence);
    (void)kdf.oid();
    der::Reader parameters = *kdf.enter(der::kSequence);
    const Bytes salt = *parameters.content(der::kOctetString);
    const std::uint64_t iterations = *parameters.small_integer();
    const std::uint64_t size =
        parameters.next_is(der::kInteger) ? *parameters.small_integer() : 32;
    const Hash prf =
        parameters.at_end() ? Hash::sha1 : hash_named(*parameters.enter(der::kSequence)->oid());
    return {pbmac1_key(prf, secret, salt, iterations, size),
            hash_named(*fields.enter(der::kSequence)->oid())};
}

bool signed_by(Bytes certificate_der, Bytes algorithm, Bytes part, Bytes bits) {
    const auto scheme = pki::x509::parse_signature_algorithm(algorithm);
    const auto certificate = pki::x509::parse_certificate(certificate_der);
    if (!scheme || !certificate) return false;
    const auto key = pki::ossl::make_public_key(certificate->tbs.spki.key);
    return key && pki::ossl::verify(key->get(), *scheme, part, bits).has_value();
}

}  // namespace

Buffer hmac(Hash hash, Bytes key, Bytes message) {
    Buffer out(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (!HMAC(pki::ossl::evp_digest(hash), key.data(), static_cast<int>(key.size()),
              message.data(), message.size(), out.data(), &size))
        die("HMAC");
    out.resize(size);
    return out;
}

Buffer pbm_key(Hash hash, Bytes secret, Bytes salt, std::size_t iterations) {
    Buffer key = pki::to_buffer(secret);
    pki::append(key, salt);
    for (std::size_t i = 0; i < iterations; i++) key = *pki::ossl::digest(hash, key);
    return key;
}

Buffer pbmac1_key(Hash hash, Bytes secret, Bytes salt, std::size_t iterations,
                  std::size_t size) {
    const auto key = pki::ossl::pbkdf2(hash, secret, salt, iterations, size);
    if (!key) die("PBKDF2: " + key.error().message());
    return pki::to_buffer(key->view());
}

std::string protected_by(const Options& options, Bytes algorithm, Bytes part,
                         const std::optional<Bytes>& bits) {
    if (!bits && algorithm.empty()) return "none";
    if (!bits || algorithm.empty()) return "wrong";
    const auto known = pki::x509::parse_algorithm(algorithm);
    const std::string id = known ? pki::x509::oid_to_text(known->id) : "";
    const bool pbm = id == "1.2.840.113533.7.66.13", pbmac1 = id == "1.2.840.113549.1.5.14";
    if (pbm || pbmac1) {
        if (!options.has("secret")) return "wrong";
        const std::string secret = options.text("secret");
        const der::Reader parameters = *der::Reader(known->parameters).enter(der::kSequence);
        const Mac mac = pbm ? pbm_of(pki::as_bytes(secret), parameters)
                            : pbmac1_of(pki::as_bytes(secret), parameters);
        return pki::equal(hmac(mac.hash, mac.key, part), *bits) ? "mac" : "wrong";
    }
    for (const std::string& file : options.list("signers"))
        if (signed_by(Options::certificates_in(file).front(), algorithm, part, *bits))
            return file;
    return "wrong";
}

}  // namespace forge
