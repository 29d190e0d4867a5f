#include "clients/signerctl/audit.h"

#include "clients/common/files.h"
#include "clients/common/output.h"
#include "clients/signerctl/audit_chain.h"
#include "clients/signerctl/audit_json.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/status.h"
#include "libpki/base/base64.h"

namespace signerctl {

using pki::Errc;
using pki::fail;

namespace {

constexpr std::uint64_t kMostRecords = 1'000'000'000'000;
constexpr std::size_t kTablePage = 1000;

std::string credential_text(const pki::wire::AuditRow& row) {
    std::string text(row.credential_name);
    return row.credential == pki::wire::Credential::unproven ? text + " (unproven)" : text;
}

std::vector<std::string> table_row(const pki::wire::AuditRow& row) {
    return {std::to_string(row.sequence),
            iso8601_micros(row.time),
            std::string(name(row.decision)),
            reason_text(row.reason),
            std::string(name(row.protocol)),
            std::string(name(row.operation)),
            std::string(row.profile),
            std::string(row.client_address),
            credential_text(row),
            std::string(row.subject.empty() ? row.sans : row.subject)};
}

pki::Status list_table(Connection& connection, const AuditRange& range) {
    Table table({"SEQUENCE", "TIME", "DECISION", "REASON", "PROTOCOL", "OPERATION", "PROFILE",
                 "ADDRESS", "CREDENTIAL", "SUBJECT"});
    std::size_t rows = 0;
    pki::Status status = read_audit(connection, range, [&](const AuditEntry& entry) {
        table.add(table_row(entry.row));
        if (++rows % kTablePage == 0) print(table.take());
        return pki::Status();
    });
    print(table.take());
    return status;
}

pki::Status list_json(Connection& connection, const AuditRange& range) {
    JsonArrayPrinter array;
    PKI_CHECK(read_audit(connection, range, [&](const AuditEntry& entry) {
        array.add(audit_json(entry.row, entry.canonical, entry.hash).get());
        return pki::Status();
    }));
    array.finish();
    return {};
}

// The range that covers the last records: signerd knows how many there are.
pki::Result<AuditRange> last_records(Connection& connection, std::uint64_t count) {
    PKI_TRY(const JsonPtr status, fetch_status(connection));
    const json_int_t all = json_integer_value(json_object_get(status.get(), "audit_records"));
    const auto records = static_cast<std::uint64_t>(std::max<json_int_t>(all, 0));
    return AuditRange{.after = records - std::min(records, count), .limit = 0};
}

pki::Status run_list(const Context& context, const Arguments& arguments) {
    PKI_TRY(Connection connection, Connection::open(context.socket));
    AuditRange range{.after = arguments.number("after"), .limit = arguments.number("limit")};
    if (arguments.has("last")) {
        PKI_TRY(range, last_records(connection, arguments.number("last")));
    }
    return context.json ? list_json(connection, range) : list_table(connection, range);
}

// Adds the records to the chain and looks for a head that was noted earlier: a log that was
// cut off or written anew is intact in itself and does not hold it.
class Verification {
   public:
    explicit Verification(pki::Buffer wanted) : wanted_(std::move(wanted)) { look(); }

    pki::Status add(pki::Bytes canonical, pki::Bytes hash) {
        PKI_CHECK(chain_.add(canonical, hash));
        look();
        return {};
    }
    pki::Status finish() const {
        if (wanted_.empty() || found_) return {};
        return fail(Errc::bad_signature, "audit: the log does not hold the expected head",
                    "it has " + std::to_string(chain_.records()) + " records, head " + head());
    }
    std::string head() const { return pki::hex_encode(chain_.head()); }
    std::uint64_t records() const { return chain_.records(); }

   private:
    void look() { found_ = found_ || pki::equal(chain_.head(), wanted_); }

    AuditChain chain_;
    pki::Buffer wanted_;
    bool found_ = false;
};

pki::Status verify_all(const Context& context, const Arguments& arguments,
                       Verification& verification) {
    if (arguments.has("file"))
        return read_audit_file(arguments.text("file"), [&](auto canonical, auto hash) {
            return verification.add(canonical, hash);
        });
    PKI_TRY(Connection connection, Connection::open(context.socket));
    return read_audit(connection, {}, [&](const AuditEntry& entry) {
        return verification.add(entry.canonical, entry.hash);
    });
}

pki::Status run_verify(const Context& context, const Arguments& arguments) {
    PKI_TRY(pki::Buffer wanted, pki::hex_decode(arguments.text("head")));
    Verification verification(std::move(wanted));
    PKI_CHECK(verify_all(context, arguments, verification));
    PKI_CHECK(verification.finish());
    if (context.json) {
        const JsonPtr result(json_pack("{s:I,s:b,s:s}", "records",
                                       static_cast<json_int_t>(verification.records()),
                                       "intact", 1, "head", verification.head().c_str()));
        print(json_indented(result.get()) + "\n");
    } else {
        print("audit: " + std::to_string(verification.records()) +
              " records, chain intact, head " + verification.head() + "\n");
    }
    return {};
}

std::string export_line(const AuditEntry& entry) {
    return json_line(audit_json(entry.row, entry.canonical, entry.hash).get()) + "\n";
}

pki::Status run_export(const Context& context, const Arguments& arguments) {
    PKI_TRY(Connection connection, Connection::open(context.socket));
    if (!arguments.has("output"))
        return read_audit(connection, {}, [](const AuditEntry& entry) {
            print(export_line(entry));
            return pki::Status();
        });
    PKI_TRY(NewFile file, NewFile::create(arguments.text("output"), Existing::replace, 0600));
    PKI_CHECK(read_audit(connection, {}, [&](const AuditEntry& entry) {
        return file.write(pki::as_bytes(export_line(entry)));
    }));
    PKI_CHECK(file.sync());
    return file.publish();
}

constexpr Option kListOptions[] = {
    {.name = "after",
     .value = "N",
     .help = "only records with a higher sequence",
     .fallback = "0",
     .most = kMostRecords},
    {.name = "limit",
     .value = "N",
     .help = "at most so many",
     .least = 1,
     .most = kMostRecords,
     .excludes = "last"},
    {.name = "last",
     .value = "N",
     .help = "the newest records",
     .least = 1,
     .most = kMostRecords,
     .excludes = "after"},
};

constexpr Option kVerifyOptions[] = {
    {.name = "file", .value = "EXPORT", .help = "verify an exported file, without signerd"},
    {.name = "head",
     .value = "HASH",
     .help = "the head of an earlier run must be in the chain"},
};

constexpr Option kExportOptions[] = {
    {.name = "output", .value = "FILE", .help = "write here, not to standard output"},
};

}  // namespace

const Command kAuditList{
    .name = "audit list",
    .operand = {},
    .summary = "list audit records, oldest first",
    .options = kListOptions,
    .run = run_list,
};

const Command kAuditVerify{
    .name = "audit verify",
    .operand = {},
    .summary = "recompute the chain of hashes over the whole audit log",
    .options = kVerifyOptions,
    .run = run_verify,
};

const Command kAuditExport{
    .name = "audit export",
    .operand = {},
    .summary = "write the audit log as JSON lines, which 'audit verify --file' checks",
    .options = kExportOptions,
    .run = run_export,
};

}  // namespace signerctl
