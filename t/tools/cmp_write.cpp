#include "t/tools/cmp_write.h"

#include <ctime>

#include "libpki/base/base64.h"
#include "libpki/base/time.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace forge {

using pki::Buffer;
using pki::Bytes;
using pki::der::Writer;
using pki::ossl::Hash;

Buffer oid(const std::string& dotted) {
    auto content = pki::x509::oid_from_text(dotted);
    if (!content) die("no OID: " + dotted);
    return *std::move(content);
}

void write_oid(Writer& w, const std::string& dotted) { w.oid(oid(dotted)); }

void write_algorithm(Writer& w, const std::string& dotted, bool null) {
    w.sequence([&] {
        write_oid(w, dotted);
        if (null) w.null();
    });
}

void write_hash(Writer& w, Hash hash) {
    const std::map<Hash, std::string> names{{Hash::sha1, "1.3.14.3.2.26"},
                                            {Hash::sha256, "2.16.840.1.101.3.4.2.1"},
                                            {Hash::sha384, "2.16.840.1.101.3.4.2.2"},
                                            {Hash::sha512, "2.16.840.1.101.3.4.2.3"},
                                            {Hash::md5, "1.2.840.113549.2.5"}};
    write_algorithm(w, names.at(hash));
}

void write_hmac(Writer& w, Hash hash) {
    const std::map<Hash, std::string> names{{Hash::sha1, "1.3.6.1.5.5.8.1.2"},
                                            {Hash::sha256, "1.2.840.113549.2.9"},
                                            {Hash::sha384, "1.2.840.113549.2.10"},
                                            {Hash::sha512, "1.2.840.113549.2.11"},
                                            {Hash::md5, "1.3.6.1.5.5.8.1.1"}};
    write_algorithm(w, names.at(hash), true);
}

void write_integer(Writer& w, std::int64_t value) {
    Buffer octets;
    do {
        octets.insert(octets.begin(), static_cast<std::uint8_t>(value & 0xff));
        value >>= 8;
    } while (value != ((octets[0] & 0x80) ? -1 : 0));
    w.primitive(pki::der::kInteger, octets);
}

void write_text(Writer& w, const std::string& text) {
    w.primitive(pki::der::kUtf8String, pki::as_bytes(text));
}

void write_time(Writer& w, std::int64_t offset, bool utc) {
    const std::string text = pki::format_generalized_time(std::time(nullptr) + offset);
    if (utc)
        w.primitive(pki::der::kUtcTime, pki::as_bytes(text.substr(2)));
    else
        w.primitive(pki::der::kGeneralizedTime, pki::as_bytes(text));
}

Buffer random_octets(std::size_t size) {
    Buffer octets(size);
    if (!pki::ossl::random_bytes(octets)) die("no random octets");
    return octets;
}

namespace {

// What `part` finds in the first certificate of a file.
template <class Part>
Buffer part_of(const std::string& file, Part&& part) {
    const auto all = pki::x509::certificates_from_pem(pki::as_text(read_file(file)));
    if (!all) die(file + " has no certificate");
    const auto certificate = pki::x509::parse_certificate(all->front());
    if (!certificate) die(file + " has no certificate that we can read");
    return pki::to_buffer(part(certificate->tbs));
}

const std::map<std::string, std::string>& info_types() {
    static const std::map<std::string, std::string> types{
        {"caProtEncCert", "1"},    {"signKeyPairTypes", "2"},
        {"encKeyPairTypes", "3"},  {"preferredSymmAlg", "4"},
        {"caKeyUpdateInfo", "5"},  {"currentCRL", "6"},
        {"unsupportedOIDs", "7"},  {"keyPairParamReq", "10"},
        {"revPassphrase", "12"},   {"implicitConfirm", "13"},
        {"confirmWaitTime", "14"}, {"origPKIMessage", "15"},
        {"suppLangTags", "16"},    {"caCerts", "17"},
        {"rootCaKeyUpdate", "18"}, {"certReqTemplate", "19"},
        {"rootCaCert", "20"},      {"certProfile", "21"},
        {"crlStatusList", "22"},   {"crls", "23"}};
    return types;
}

Buffer info_value(const std::string& text) {
    if (text[0] == '@')
        return pki::x509::certificates_from_pem(pki::as_text(read_file(text.substr(1))))
            ->front();
    auto value = pki::hex_decode(text);
    if (!value) die("an info is not hexadecimal: " + text);
    return *std::move(value);
}

}  // namespace

Buffer subject_of(const std::string& file) {
    return part_of(file, [](const pki::x509::Tbs& tbs) { return tbs.subject.encoding; });
}

Buffer issuer_of(const std::string& file) {
    return part_of(file, [](const pki::x509::Tbs& tbs) { return tbs.issuer.encoding; });
}

Buffer serial_of(const std::string& file) {
    return part_of(file, [](const pki::x509::Tbs& tbs) { return tbs.serial; });
}

void write_directory_name(Writer& w, Bytes name) {
    w.tlv(pki::der::constructed(4), [&] { w.raw(name); });
}

void write_infos(Writer& w, const std::vector<std::string>& infos) {
    for (const std::string& info : infos) {
        const std::size_t colon = info.find(':');
        const std::string type = info.substr(0, colon);
        const auto known = info_types().find(type);
        w.sequence([&] {
            write_oid(w,
                      known == info_types().end() ? type : "1.3.6.1.5.5.7.4." + known->second);
            if (colon != info.npos) w.raw(info_value(info.substr(colon + 1)));
        });
    }
}

void write_status(Writer& w, std::int64_t status, const std::string& text,
                  std::int64_t fail_info) {
    w.sequence([&] {
        write_integer(w, status);
        if (!text.empty()) w.sequence([&] { write_text(w, text); });
        if (fail_info >= 0) w.named_bits(1u << fail_info);
    });
}

}  // namespace forge
