// What a key child reads: a configuration, one CA and its key. And what it would sign.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "t/unit/crl_fixture.h"
#include "t/unit/store_fixture.h"
#include "t/unit/test_ca.h"

namespace unit {

inline constexpr char kKeyChildConfig[] = R"({
    "id": "test", "store": "store.db",
    "listen": [{"path": "socket", "peers": [{"name": "nginx", "user": 0, "role": "frontend",
                                             "profiles": "*"}]}],
    "cas": {"issuing": {"tenant": "demo", "certificate": "ca.pem", "key": "ca.key"}},
    "profiles": {"device": {"ca": "issuing", "keys": ["ec:P-256"], "subject": {"CN": {}},
                            "key_usage": ["digitalSignature"],
                            "extended_key_usage": ["clientAuth"], "validity": "90d"}}
})";

struct KeyChildFiles {
    explicit KeyChildFiles(const std::string& key = "ec:P-256")
        : ca(make_ca({.name = "CN=Test Issuing", .key = key})) {
        write("ca.pem", ca.pem());
        write("ca.key", ca.key_pem());
        write("signerd.json", kKeyChildConfig);
        chmod(folder.file("ca.key").c_str(), 0600);
    }
    void remove() const { folder.remove(); }

    void write(const char* name, const std::string& text) const {
        std::ofstream(folder.file(name)) << text;
    }
    std::string config() const { return folder.file("signerd.json"); }

    StoreFolder folder;
    TestCa ca;
};

inline std::int64_t seconds_now() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

inline const pki::Buffer kTestKeyId{1, 2, 3, 4};  // of make_ca()

inline pki::Buffer good_tbs(const TestCa& ca) {
    const pki::Buffer serial(16, 0x41);
    const pki::Buffer spki = *pki::ossl::public_key_der(ca.key.get());
    pki::x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = *pki::ossl::default_scheme(ca.key.get());
    spec.issuer = ca.name;
    spec.subject = ca.name;
    spec.not_before = seconds_now() - 60;
    spec.not_after = seconds_now() + 24 * 3600;
    spec.spki = spki;
    spec.subject_key_identifier = kTestKeyId;
    spec.authority_key_identifier = kTestKeyId;
    spec.key_usage = pki::x509::kDigitalSignature;
    spec.extended_key_usage = {pki::x509::oid::kClientAuth};
    return pki::x509::build_tbs(spec);
}

// Of a registration authority.
inline pki::Buffer good_ra_tbs(const TestCa& ca) {
    const pki::Buffer serial(16, 0x41);
    const pki::Buffer subject = *pki::x509::name_from_text("CN=SCEP RA");
    const pki::Buffer spki = *pki::ossl::public_key_der(ca.key.get());
    pki::x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = *pki::ossl::default_scheme(ca.key.get());
    spec.issuer = ca.name;
    spec.subject = subject;
    spec.not_before = seconds_now() - 60;
    spec.not_after = seconds_now() + 24 * 3600;
    spec.spki = spki;
    spec.subject_key_identifier = kTestKeyId;
    spec.authority_key_identifier = kTestKeyId;
    spec.key_usage = pki::x509::kDigitalSignature;
    return pki::x509::build_tbs(spec);
}

// A view of the CA's name.
inline pki::x509::CrlSpec good_crl_spec(const TestCa& ca, std::uint64_t number) {
    pki::x509::CrlSpec spec;
    spec.scheme = *pki::ossl::default_scheme(ca.key.get());
    spec.issuer = ca.name;
    spec.this_update = seconds_now();
    spec.next_update = spec.this_update + 86400;
    spec.authority_key_identifier = kTestKeyId;
    spec.number = number;
    return spec;
}

// TBSCertList of so many entries.
inline pki::Buffer good_crl(const TestCa& ca, std::uint64_t number, std::size_t entries) {
    const pki::Buffer serial(16, 0x41);
    const std::vector<pki::x509::CrlEntry> list(
        entries, {serial, seconds_now(), pki::x509::CrlReason::superseded});
    return make_tbs_crl(good_crl_spec(ca, number), list);
}

}  // namespace unit
