// General names as text, and from text.
#include <arpa/inet.h>

#include <array>

#include "libpki/base/base64.h"
#include "libpki/base/der_writer.h"
#include "libpki/x509/name.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/san.h"

namespace pki::x509 {

namespace {

std::string address_text(Bytes octets) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = octets.size() == 4 ? AF_INET : AF_INET6;
    return inet_ntop(family, octets.data(), text.data(), text.size());
}

std::string directory_text(Bytes encoding) {
    const auto name = parse_name(encoding);
    return name ? name_text(*name) : std::string();
}

std::string value_text(const GeneralName& name) {
    switch (name.type) {
        case SanType::email:
        case SanType::dns:
        case SanType::uri: return std::string(as_text(name.value));
        case SanType::ip: return address_text(name.value);
        case SanType::directory_name: return directory_text(name.value);
        case SanType::registered_id: return oid_to_text(name.value);
        case SanType::other_name:
            return oid_to_text(name.other_type) + ':' + hex_encode(name.value);
    }
    return {};
}

Result<Buffer> address_from_text(std::string_view text) {
    Buffer octets(16);
    const std::string zero_terminated(text);
    if (inet_pton(AF_INET6, zero_terminated.c_str(), octets.data()) == 1) return octets;
    octets.resize(4);
    if (inet_pton(AF_INET, zero_terminated.c_str(), octets.data()) == 1) return octets;
    return fail(Errc::malformed, "SAN: not an IP address", zero_terminated);
}

Status write_general_name(der::Writer& w, const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return fail(Errc::malformed, "SAN: no type before the name", text);
    const std::string_view type = std::string_view(text).substr(0, colon);
    const std::string_view value = std::string_view(text).substr(colon + 1);
    for (const SanType t : {SanType::dns, SanType::email, SanType::uri}) {
        if (type != san_type_name(t)) continue;
        w.primitive(der::context(static_cast<int>(t)), as_bytes(value));
        return {};
    }
    if (type != san_type_name(SanType::ip))
        return fail(Errc::unsupported, "SAN: type that cannot be written", text);
    PKI_TRY(const Buffer octets, address_from_text(value));
    w.primitive(der::context(static_cast<int>(SanType::ip)), octets);
    return {};
}

}  // namespace

std::string_view san_type_name(SanType type) {
    switch (type) {
        case SanType::other_name: return "other";
        case SanType::email: return "email";
        case SanType::dns: return "dns";
        case SanType::directory_name: return "dirname";
        case SanType::uri: return "uri";
        case SanType::ip: return "ip";
        case SanType::registered_id: return "rid";
    }
    return "unknown";
}

std::string general_name_text(const GeneralName& name) {
    return std::string(san_type_name(name.type)) + ':' + value_text(name);
}

Result<Buffer> build_san(const std::vector<std::string>& names) {
    der::Writer w;
    Status status;
    w.sequence([&] {
        for (const std::string& name : names)
            if (status) status = write_general_name(w, name);
    });
    if (!status) return std::move(status).error();
    PKI_CHECK(parse_san(w.view()));
    return std::move(w).take();
}

}  // namespace pki::x509
