#include "clients/signerctl/cert.h"

#include "clients/common/output.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"

namespace signerctl {

using pki::Errc;
using pki::fail;

namespace {

constexpr std::uint64_t kMostRows = 1'000'000'000;
constexpr std::size_t kSerialDigits = 40;  // RFC 5280 4.1.2.2: 20 octets

// Each line made safe by itself: the line ends of PEM stay.
std::string safe_lines(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += terminal_safe(text.substr(0, end)) + "\n";
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
}

struct Page {
    std::size_t rows = 0;
    std::uint64_t last = 0;
    bool more = false;
};

pki::Result<Page> print_page(const pki::wire::JsonReply& reply, CertificatePrinter& printer) {
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    Page page;
    page.more = json_is_true(json_object_get(answer.get(), "more"));
    std::size_t index;
    json_t* certificate;
    json_array_foreach(json_object_get(answer.get(), "certificates"), index, certificate) {
        const json_int_t row = json_integer_value(json_object_get(certificate, "row"));
        page.last = static_cast<std::uint64_t>(row);
        page.rows++;
        printer.add(certificate);
    }
    printer.end_page();
    return page;
}

pki::Status run_list(const Context& context, const Arguments& arguments) {
    const std::string profile = arguments.text("profile");
    const std::string subject = arguments.text("subject");
    PKI_TRY(Connection connection, Connection::open(context.socket));
    CertificatePrinter printer(context.json);
    pki::wire::CertListRequest request{.profile = profile, .subject = subject};
    std::uint64_t left = arguments.has("limit") ? arguments.number("limit") : kMostRows;
    for (bool more = true; more && left > 0;) {
        request.limit = arguments.has("limit") ? static_cast<std::uint32_t>(left) : 0;
        PKI_TRY(const auto reply, connection.call<pki::wire::JsonReply>(request));
        PKI_TRY(const Page page, print_page(reply, printer));
        if (page.more && page.last <= request.after)
            return fail(Errc::malformed, "signerd repeats a page of certificates");
        request.after = page.last;
        left -= std::min<std::uint64_t>(left, page.rows);
        more = page.more;
    }
    printer.finish();
    return {};
}

pki::Status run_show(const Context& context, const Arguments& arguments) {
    PKI_TRY(const std::string serial, normalise_serial(arguments.operand()));
    PKI_TRY(Connection connection, Connection::open(context.socket));
    PKI_TRY(const auto reply, connection.call<pki::wire::JsonReply>(
                                  pki::wire::CertShowRequest{.serial = serial}));
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    const json_t* certificates = json_object_get(answer.get(), "certificates");
    if (json_array_size(certificates) == 0)
        return fail(Errc::not_found, "no certificate has this serial", serial);
    if (context.json) {
        print(json_indented(answer.get()) + "\n");
        return {};
    }
    std::size_t index;
    json_t* certificate;
    json_array_foreach(certificates, index, certificate) {
        print((index == 0 ? "" : "\n") + certificate_text(certificate));
    }
    return {};
}

constexpr Option kListOptions[] = {
    {.name = "profile", .value = "NAME", .help = "only those of this profile"},
    {.name = "subject", .value = "TEXT", .help = "only those whose subject holds this text"},
    {.name = "limit", .value = "N", .help = "at most so many", .least = 1, .most = kMostRows},
};

}  // namespace

pki::Result<std::string> normalise_serial(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == ':') continue;
        const bool upper = c >= 'A' && c <= 'F';
        if (!upper && !(c >= 'a' && c <= 'f') && !(c >= '0' && c <= '9'))
            return fail(Errc::malformed, "not a serial number", std::string(text));
        digits += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    digits.erase(0, digits.find_first_not_of('0'));
    if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
    if (digits.empty() || digits.size() > kSerialDigits)
        return fail(Errc::malformed, "not a serial number", std::string(text));
    return digits;
}

std::string certificate_text(const json_t* certificate) {
    const auto text = [&](const char* name) { return member_text(certificate, name); };
    return fields({
               {"Serial", text("serial")},
               {"Subject", text("subject")},
               {"Names", text("sans")},
               {"Not before", text("not_before")},
               {"Not after", text("not_after")},
               {"Issued", text("issued")},
               {"Status", text("status")},
               {"Revoked", text("revoked")},
               {"Reason", text("reason")},
               {"Protocol", text("protocol")},
               {"Profile", text("profile")},
               {"CA", text("ca")},
               {"Tenant", text("tenant")},
               {"CSR SHA-256", text("csr_sha256")},
           }) +
           safe_lines(text("pem"));
}

CertificatePrinter::CertificatePrinter(bool json, std::string_view after_json)
    : table_({"SERIAL", "ISSUED", "NOT AFTER", "STATUS", "PROFILE", "SUBJECT"}) {
    if (json) array_.emplace("{\"certificates\":", std::string(after_json) + "}");
}

void CertificatePrinter::add(const json_t* certificate) {
    if (array_) return array_->add(certificate);
    const auto text = [&](const char* name) { return member_text(certificate, name); };
    const std::string subject = text("subject");
    table_.add({text("serial"), text("issued"), text("not_after"), text("status"),
                text("profile"), subject.empty() ? text("sans") : subject});
}

void CertificatePrinter::end_page() {
    if (!array_) print(table_.take());
}

void CertificatePrinter::finish() {
    if (array_) array_->finish();
}

const Command kCertList{
    .name = "cert list",
    .operand = {},
    .summary = "list the certificates issued, oldest first",
    .options = kListOptions,
    .run = run_list,
};

const Command kCertShow{
    .name = "cert show",
    .operand = "SERIAL",
    .summary = "show a certificate; SERIAL is hexadecimal, colons allowed",
    .options = {},
    .run = run_show,
};

}  // namespace signerctl
