// CRLStatusList (RFC 9810 5.3.19.17): which CRLs a client has, and how old they are.
#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/cmp/general.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/name.h"
#include "libpki/x509/nested.h"

namespace pki::cmp {

namespace {

constexpr std::uint8_t kDirectoryName = der::constructed(4);  // of GeneralName

// The URIs of a row of GeneralNames.
Result<std::vector<std::string_view>> read_urls(der::Reader names) {
    std::vector<std::string_view> urls;
    for (std::size_t count = 0; !names.at_end(); count++) {
        if (count == limits::kGeneralNames)
            return fail(Errc::malformed, "CMP: too many names", names.offset());
        PKI_TRY(const der::Element name, names.any());
        if (name.tag == x509::kUri) urls.push_back(as_text(name.content));
    }
    return urls;
}

// DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] }.
// A relative name is relative to nothing here: it names no CRL.
Status read_point(CrlStatus& status, der::Reader point) {
    if (point.next_is(der::constructed(1))) {
        PKI_CHECK(point.any());
        return point.finish();
    }
    PKI_TRY(const der::Reader full_name, point.enter(der::constructed(0)));
    PKI_TRY(status.urls, read_urls(full_name));
    return point.finish();
}

// GeneralNames of an issuer, of which the first directoryName counts.
Status read_issuer(CrlStatus& status, Bytes whole, der::Reader inner) {
    PKI_TRY(der::Reader names, inner.enter(der::kSequence));
    PKI_CHECK(inner.finish());
    for (std::size_t count = 0; !names.at_end(); count++) {
        if (count == limits::kGeneralNames)
            return fail(Errc::malformed, "CMP: too many names", names.offset());
        der::Reader copy = names;
        PKI_CHECK(names.any());
        if (!copy.next_is(kDirectoryName) || !status.issuer.empty()) continue;
        PKI_TRY(der::Reader general_name, copy.enter(kDirectoryName));
        PKI_TRY(const der::Element name, general_name.element(der::kSequence));
        PKI_CHECK(general_name.finish());
        PKI_CHECK(x509::nested(whole, name.encoding, x509::parse_name(name.encoding)));
        status.issuer = name.encoding;
    }
    return {};
}

Status read_this_update(CrlStatus& status, der::Reader& fields) {
    if (fields.at_end()) return {};
    const std::size_t offset = fields.offset();
    PKI_TRY(const der::Element time, fields.any());
    auto seconds = parse_time(time.tag, time.content);
    if (!seconds) {
        seconds.error().offset = offset;
        return std::move(seconds).error();
    }
    status.this_update = *seconds;
    return {};
}

// CRLStatus ::= SEQUENCE { source CHOICE { dpn [0], issuer [1] }, thisUpdate Time OPTIONAL }
Result<CrlStatus> read_crl_status(Bytes whole, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    CrlStatus status;
    if (fields.next_is(der::constructed(1))) {
        PKI_TRY(const der::Reader issuer, fields.enter(der::constructed(1)));
        PKI_CHECK(read_issuer(status, whole, issuer));
    } else {
        PKI_TRY(const der::Reader point, fields.enter(der::constructed(0)));
        PKI_CHECK(read_point(status, point));
    }
    PKI_CHECK(read_this_update(status, fields));
    PKI_CHECK(fields.finish());
    return status;
}

void write_source(der::Writer& w, const CrlStatus& status) {
    if (!status.issuer.empty()) {
        const auto write_name = [&] { w.tlv(kDirectoryName, [&] { w.raw(status.issuer); }); };
        return w.tlv(der::constructed(1), [&] { w.sequence(write_name); });
    }
    const auto write_urls = [&] {
        for (const std::string_view url : status.urls) w.primitive(x509::kUri, as_bytes(url));
    };
    w.tlv(der::constructed(0), [&] { w.tlv(der::constructed(0), write_urls); });
}

}  // namespace

// SEQUENCE SIZE (1..MAX) OF CRLStatus
Result<std::vector<CrlStatus>> parse_crl_status_list(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<CrlStatus> wanted;
    do {
        if (wanted.size() == limits::kCmpCrls)
            return fail(Errc::malformed, "CMP: too many CRLs are asked for", list.offset());
        PKI_TRY(CrlStatus status, read_crl_status(value, list));
        wanted.push_back(std::move(status));
    } while (!list.at_end());
    return wanted;
}

Buffer crl_status_list_value(const std::vector<CrlStatus>& wanted) {
    der::Writer w;
    const auto write_status = [&](const CrlStatus& status) {
        w.sequence([&] {
            write_source(w, status);
            if (status.this_update) w.time(*status.this_update);
        });
    };
    w.sequence([&] {
        for (const CrlStatus& status : wanted) write_status(status);
    });
    return std::move(w).take();
}

}  // namespace pki::cmp
