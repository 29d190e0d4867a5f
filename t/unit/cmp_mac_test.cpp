// The parameters of MACs: what is read, what is refused, and what is never computed.
#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/cmp/protection.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Errc;
using pki::Reason;
using pki::ossl::Hash;
using unit::hex;
using unit::read_vector;
namespace cmp = pki::cmp;
namespace der = pki::der;
namespace limits = pki::limits;

using cmp::MacParameters;
using cmp::ProtectionKind;

constexpr std::string_view kSalt = "salt of 16 bytes";

MacParameters mac_of(ProtectionKind kind) {
    return {kind, as_bytes(kSalt), 1000, Hash::sha256, Hash::sha256, 32};
}

// The same message with another protectionAlg.
pki::Result<cmp::Protection> protection_with(std::string_view algorithm) {
    const Buffer der = read_vector("cmp/pbm_ir.der");
    auto message = *cmp::parse_message(der);
    const Buffer encoding = hex(algorithm);
    message.header.protection_algorithm = encoding;
    auto protection = cmp::parse_protection(message);
    if (protection) protection->mac.salt = {};
    return protection;
}

// AlgorithmIdentifiers, in hexadecimal.
const std::string kSha256 = "300b0609608648016503040201";
const std::string kHmac256 = "300a06082a864886f70d0209";

std::string sequence(const std::string& content) {
    der::Writer w;
    w.primitive(der::kSequence, hex(content));
    return pki::hex_encode(w.view());
}

std::string pbm(const std::string& salt, const std::string& owf, const std::string& iterations,
                const std::string& mac) {
    return sequence("06092a864886f67d07420d" + sequence(salt + owf + iterations + mac));
}

std::string pbmac1(const std::string& pbkdf2, const std::string& mac = kHmac256) {
    const std::string derivation = sequence("06092a864886f70d01050c" + sequence(pbkdf2));
    return sequence("06092a864886f70d01050e" + sequence(derivation + mac));
}

void algorithms_that_are_read(void**) {
    assert_ok(protection_with(pbm("040101", kSha256, "020201f4", kHmac256)));
    // HMAC-SHA-1 by either of its names.
    assert_ok(protection_with(pbm("040101", kSha256, "020201f4", "300a06082b06010505080102")));
    assert_ok(
        protection_with(pbm("040101", kSha256, "020201f4", "300c06082a864886f70d02070500")));
    const auto plain = protection_with(pbmac1("040101 020203e8"));
    assert_ok(plain);
    assert_int_equal(plain->mac.hash, Hash::sha1);
    assert_int_equal(plain->mac.key_length, 32);
    assert_ok(protection_with("300d06092a864886f70d01010b0500"));
}

void algorithms_that_we_do_not_have(void**) {
    const std::string md5 = "300c06082a864886f70d02050500";
    for (const std::string& algorithm : {
             pbm("040101", md5, "020201f4", kHmac256),
             pbm("040101", kSha256, "020201f4", kSha256),
             pbm("0441" + std::string(130, '0'), kSha256, "020201f4", kHmac256),  // long salt
             pbmac1("040101 020203e8 02010f"),                                    // short key
             pbmac1("040101 020203e8 020141"),                                    // long key
             pbmac1("300506032a0304 020203e8"),              // salt from elsewhere
             pbmac1("040101 020203e8", kSha256),             // no MAC
             std::string("300d06092a864886f67d07421e0500"),  // DHBasedMac
             std::string("300d06092a864886f70d0101050500"),  // sha1WithRSAEncryption
             std::string("300906072a8648ce3d0401"),          // ecdsa-with-SHA1
             std::string("300b0609608648016503040213"),      // KMAC
         }) {
        const auto protection = protection_with(algorithm);
        if (protection || protection.error().code == Errc::malformed)
            print_error("%s\n", algorithm.c_str());
        assert_error(Errc::unsupported, protection);
        assert_int_equal(protection.error().reason, Reason::bad_alg);
    }
}

void malformed_algorithms(void**) {
    for (const std::string& algorithm : {
             pbm("040101", kSha256, "0201ff", kHmac256),
             pbm("020101", kSha256, "020201f4", kHmac256),
             pbm("040101", kSha256, "020201f4", kHmac256 + "0500"),
             sequence("06092a864886f67d07420d"),
             sequence("06092a864886f67d07420d 0500"),
             pbmac1("040101 020203e8 020120 0500"),
             pbmac1("040101 020203e8", kHmac256 + "0500"),
             sequence("06092a864886f70d01050e"),
         }) {
        const auto protection = protection_with(algorithm);
        if (protection) print_error("%s\n", algorithm.c_str());
        assert_error(Errc::malformed, protection);
    }
}

void refused(const MacParameters& mac, const cmp::MacRules& rules = {}) {
    const auto checked = cmp::check_mac(mac, rules);
    assert_error(Errc::unsupported, checked);
    assert_int_equal(checked.error().reason, Reason::bad_alg);
}

void what_the_rules_refuse(void**) {
    MacParameters mac = mac_of(ProtectionKind::pbm);
    assert_ok(cmp::check_mac(mac, {}));
    refused(mac, {.pbm = false});
    refused(mac_of(ProtectionKind::pbmac1), {.pbmac1 = false});
    assert_ok(cmp::check_mac(mac_of(ProtectionKind::pbmac1), {.pbm = false}));
    refused(mac_of(ProtectionKind::none));
    refused(mac_of(ProtectionKind::signature));
    mac.iterations = 99;
    refused(mac);
    mac.iterations = 100;
    assert_ok(cmp::check_mac(mac, {}));
    mac.iterations = 100'000;
    assert_ok(cmp::check_mac(mac, {}));
    mac.iterations = 100'001;
    refused(mac);
    // The ceiling is not the operator's to lift.
    refused(mac, {.max_iterations = 1'000'000});
    mac = mac_of(ProtectionKind::pbm);
    mac.salt = as_bytes(kSalt).first(8);
    assert_ok(cmp::check_mac(mac, {}));
    mac.salt = as_bytes(kSalt).first(7);
    refused(mac);
}

// Each block of a long key takes all the iterations again.
void blocks_count(void**) {
    MacParameters mac = mac_of(ProtectionKind::pbmac1);
    mac.hash = pki::ossl::Hash::sha1;
    mac.key_length = 64;
    mac.iterations = 25'000;
    assert_ok(cmp::check_mac(mac, {}));
    mac.iterations = 25'001;
    refused(mac);
    mac.key_length = 20;
    assert_ok(cmp::check_mac(mac, {}));
}

// Nothing is computed that check_mac() would have refused for everybody.
void hard_limits(void**) {
    const auto derive = [](const MacParameters& mac) {
        return cmp::derive_mac_key(mac, as_bytes("secret"));
    };
    MacParameters mac = mac_of(ProtectionKind::pbm);
    mac.iterations = 0;
    assert_error(Errc::unsupported, derive(mac));
    mac.iterations = limits::kPasswordIterations + 1;
    assert_error(Errc::unsupported, derive(mac));
    mac.iterations = UINT64_MAX;
    assert_error(Errc::unsupported, derive(mac));
    mac = mac_of(ProtectionKind::pbmac1);
    mac.key_length = 15;
    assert_error(Errc::unsupported, derive(mac));
    mac.key_length = 65;
    assert_error(Errc::unsupported, derive(mac));
    assert_error(Errc::unsupported, derive(mac_of(ProtectionKind::none)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(algorithms_that_are_read),
        cmocka_unit_test(algorithms_that_we_do_not_have),
        cmocka_unit_test(malformed_algorithms),
        cmocka_unit_test(what_the_rules_refuse),
        cmocka_unit_test(blocks_count),
        cmocka_unit_test(hard_limits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
