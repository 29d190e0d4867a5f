#include "libpki/cmp/free_text.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/cmp/header.h"

namespace pki::cmp {

namespace {

// directoryName [4] EXPLICIT: Name is a CHOICE (X.680 31.2.7).
void write_directory_name(der::Writer& w, Bytes name) {
    w.tlv(der::constructed(4), [&] {
        if (name.empty()) return w.sequence([] {});
        w.raw(name);
    });
}

void write_octets(der::Writer& w, int tag, const std::optional<Bytes>& octets) {
    if (octets) w.tlv(der::constructed(tag), [&] { w.octet_string(*octets); });
}

void write_cert_profiles(der::Writer& w, const std::vector<std::string_view>& profiles) {
    w.sequence([&] {
        w.oid(kCertProfile);
        w.sequence([&] {
            for (const std::string_view name : profiles)
                w.primitive(der::kUtf8String, as_bytes(name));
        });
    });
}

void write_general_info(der::Writer& w, const HeaderSpec& spec) {
    if (!spec.implicit_confirm && spec.confirm_wait_time == 0 && spec.cert_profiles.empty())
        return;
    w.tlv(der::constructed(8), [&] {
        w.sequence([&] {
            if (spec.implicit_confirm)
                w.sequence([&] {
                    w.oid(kImplicitConfirm);
                    w.null();
                });
            if (spec.confirm_wait_time != 0)
                w.sequence([&] {
                    w.oid(kConfirmWaitTime);
                    w.generalized_time(spec.confirm_wait_time);
                });
            if (!spec.cert_profiles.empty()) write_cert_profiles(w, spec.cert_profiles);
        });
    });
}

}  // namespace

void write_header(der::Writer& w, const HeaderSpec& spec, const HeaderProtection& protection) {
    w.sequence([&] {
        w.integer(spec.pvno);
        write_directory_name(w, protection.sender);
        if (spec.recipient.empty()) {
            write_directory_name(w, {});
        } else {
            w.raw(spec.recipient);
        }
        if (spec.message_time != 0)
            w.tlv(der::constructed(0), [&] { w.generalized_time(spec.message_time); });
        if (!protection.algorithm.empty())
            w.tlv(der::constructed(1), [&] { w.raw(protection.algorithm); });
        if (!protection.sender_kid.empty())
            w.tlv(der::constructed(2), [&] { w.octet_string(protection.sender_kid); });
        write_octets(w, 3, spec.recip_kid);
        write_octets(w, 4, spec.transaction_id);
        write_octets(w, 5, spec.sender_nonce);
        write_octets(w, 6, spec.recip_nonce);
        if (!spec.free_text.empty())
            w.tlv(der::constructed(7), [&] { write_free_text(w, spec.free_text); });
        write_general_info(w, spec);
    });
}

}  // namespace pki::cmp
