#include "libpki/x509/certs_only.h"

#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/cms/signed_data.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::hex;
using unit::read_vector;
namespace x509 = pki::x509;

void certificates_keep_their_order(void**) {
    const Buffer leaf = read_vector("cert/leaf.der"), root = read_vector("cert/rsa3072.der");
    for (const std::vector<Bytes>& given :
         {std::vector<Bytes>{leaf}, {leaf, root}, {root, leaf}, {root, root}}) {
        const Buffer der = x509::build_certs_only(given);
        const auto found = x509::parse_certs_only(der);
        assert_ok(found);
        assert_int_equal(found->size(), given.size());
        for (std::size_t i = 0; i < given.size(); i++)
            assert_true(pki::equal((*found)[i], given[i]));
    }
}

// The openssl command's crl2pkcs7 -nocrl writes the same form.
void bytes_are_those_of_openssl(void**) {
    const Buffer root = read_vector("cert/p256.der");
    assert_hex(x509::build_certs_only({root}),
               pki::hex_encode(read_vector("certs_only/one.der")));
}

// With a CRL behind the certificates, and with nothing else (RFC 8894 3.4).
void crls_as_openssl_writes_them(void**) {
    for (const char* name : {"certs_only/crl.der", "certs_only/crl_alone.der"}) {
        const Buffer theirs = read_vector(name);
        const auto lists = pki::cms::parse_signed_data(theirs);
        assert_ok(lists);
        assert_int_equal(lists->crls.size(), 1);
        assert_hex(x509::build_certs_only(lists->certificates, lists->crls),
                   pki::hex_encode(theirs));
    }
}

void openssl_reads_what_is_written(void**) {
    const Buffer leaf = read_vector("cert/leaf.der"), root = read_vector("cert/p256.der");
    const Buffer der = x509::build_certs_only({leaf, root});
    const unsigned char* in = der.data();
    PKCS7* message = d2i_PKCS7(nullptr, &in, static_cast<long>(der.size()));
    assert_non_null(message);
    assert_ptr_equal(in, der.data() + der.size());
    assert_true(PKCS7_type_is_signed(message));
    assert_int_equal(sk_X509_num(message->d.sign->cert), 2);
    PKCS7_free(message);
}

void messages_of_openssl_are_read(void**) {
    for (const char* name : {"certs_only/chain.der", "certs_only/crl.der"}) {
        const Buffer der = read_vector(name);
        const auto found = x509::parse_certs_only(der);
        assert_ok(found);
        assert_int_equal(found->size(), 2);
        assert_hex((*found)[0], pki::hex_encode(read_vector("cert/leaf.der")));
    }
}

void other_signed_data_is_refused(void**) {
    assert_error(Errc::unsupported,
                 x509::parse_certs_only(read_vector("certs_only/signed.der")));
    assert_error(Errc::malformed,
                 x509::parse_certs_only(read_vector("certs_only/crl_alone.der")));
    assert_error(Errc::malformed,
                 x509::parse_certs_only(read_vector("certs_only/trailing.der")));
    assert_error(Errc::malformed, x509::parse_certs_only({}));
    const Buffer data = hex("300f 0609 2a864886f70d010701 a002 0400");
    assert_error(Errc::unsupported, x509::parse_certs_only(data));
}

// SignedData around one SEQUENCE, with one part replaced.
Buffer message(const std::string& version, const std::string& content,
               const std::string& certificates, const std::string& rest) {
    pki::der::Writer w;
    w.sequence([&] {
        w.raw(hex("0609 2a864886f70d010702"));
        w.tlv(pki::der::constructed(0), [&] {
            w.sequence([&] { w.raw(hex(version + "3100" + content + certificates + rest)); });
        });
    });
    return std::move(w).take();
}

void each_part_is_checked(void**) {
    const std::string v1 = "020101", data = "300b 0609 2a864886f70d010701", certs = "a002 3000";
    assert_ok(x509::parse_certs_only(message(v1, data, certs, "3100")));
    assert_ok(x509::parse_certs_only(message(v1, data, certs, "a100 3100")));
    assert_error(Errc::unsupported,
                 x509::parse_certs_only(message("020103", data, certs, "3100")));
    assert_error(Errc::unsupported, x509::parse_certs_only(message(
                                        v1, "300b 0609 2a864886f70d010703", certs, "3100")));
    assert_error(Errc::unsupported,
                 x509::parse_certs_only(
                     message(v1, "300f 0609 2a864886f70d010701 a002 0400", certs, "3100")));
    assert_error(Errc::unsupported,
                 x509::parse_certs_only(message(v1, data, certs, "3102 3000")));
    assert_error(Errc::malformed, x509::parse_certs_only(message(v1, data, "a000", "3100")));
    assert_error(Errc::malformed,
                 x509::parse_certs_only(message(v1, data, "a002 a100", "3100")));
    assert_error(Errc::malformed, x509::parse_certs_only(message(v1, data, certs, "")));
    assert_error(Errc::malformed,
                 x509::parse_certs_only(message(v1, data, certs, "3100 3100")));
}

void number_of_certificates_is_bounded(void**) {
    const Buffer certificate = hex("3000");
    std::vector<Bytes> many(pki::limits::kChain, certificate);
    const Buffer most = x509::build_certs_only(many);
    assert_ok(x509::parse_certs_only(most));
    many.push_back(certificate);
    assert_error(Errc::malformed, x509::parse_certs_only(x509::build_certs_only(many)));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(certificates_keep_their_order),
        cmocka_unit_test(bytes_are_those_of_openssl),
        cmocka_unit_test(crls_as_openssl_writes_them),
        cmocka_unit_test(openssl_reads_what_is_written),
        cmocka_unit_test(messages_of_openssl_are_read),
        cmocka_unit_test(other_signed_data_is_refused),
        cmocka_unit_test(each_part_is_checked),
        cmocka_unit_test(number_of_certificates_is_bounded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
