#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "clients/common/files.h"
#include "clients/signerctl/audit.h"
#include "clients/signerctl/audit_json.h"

namespace signerctl {

using pki::Errc;
using pki::fail;

namespace {

constexpr std::uint32_t kPage = 1000;  // as many as a wire::AuditPageReply holds

pki::Result<AuditEntry> entry_of(const pki::wire::AuditPageReply& page, std::size_t index,
                                 std::uint64_t last) {
    AuditEntry entry{{}, page.rows[index], page.hashes[index]};
    const auto row = pki::wire::parse_canonical(entry.canonical);
    if (!row)
        return fail(row.error().code, "audit: malformed record",
                    "after sequence " + std::to_string(last) + ": " + row.error().message());
    entry.row = *row;
    // Without this a damaged log could be asked for for ever.
    if (entry.row.sequence <= last)
        return fail(Errc::malformed, "audit: records are not in sequence",
                    std::to_string(entry.row.sequence) + " after " + std::to_string(last));
    return entry;
}

// A line without its end; nullptr at the end of the file.
class Lines {
   public:
    explicit Lines(std::FILE* file) : file_(file) {}
    Lines(const Lines&) = delete;
    Lines& operator=(const Lines&) = delete;
    ~Lines() {
        std::free(line_);
        std::fclose(file_);
    }

    bool next(pki::Bytes& line) {
        const ssize_t size = getline(&line_, &capacity_, file_);
        if (size < 0) return false;
        line = pki::as_bytes({line_, static_cast<std::size_t>(size)});
        return true;
    }
    bool failed() const { return std::ferror(file_) != 0; }

   private:
    std::FILE* file_;
    char* line_ = nullptr;
    std::size_t capacity_ = 0;
};

}  // namespace

pki::Status read_audit(Connection& connection, const AuditRange& range,
                       const AuditVisitor& visit) {
    pki::wire::AuditPageRequest request{.after = range.after, .limit = kPage};
    for (std::uint64_t seen = 0; range.limit == 0 || seen < range.limit;) {
        if (range.limit != 0)
            request.limit =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(kPage, range.limit - seen));
        PKI_TRY(const auto page, connection.call<pki::wire::AuditPageReply>(request));
        if (page.rows.size() != page.hashes.size())
            return fail(Errc::malformed, "audit: a record without its hash");
        if (page.rows.empty()) return {};
        for (std::size_t i = 0; i < page.rows.size(); i++) {
            PKI_TRY(const AuditEntry entry, entry_of(page, i, request.after));
            PKI_CHECK(visit(entry));
            request.after = entry.row.sequence;
        }
        seen += page.rows.size();
    }
    return {};
}

pki::Status read_audit_file(const std::string& path, const ExportVisitor& visit) {
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (!file) return system_error("cannot read the file", path);
    Lines lines(file);
    pki::Bytes line;
    for (std::uint64_t number = 1; lines.next(line); number++) {
        const auto exported = parse_audit_json(line);
        if (!exported)
            return fail(
                exported.error().code, "audit: bad line in the export",
                path + ":" + std::to_string(number) + ": " + exported.error().message());
        PKI_CHECK(visit(exported->canonical, exported->hash));
    }
    if (lines.failed()) return system_error("cannot read the file", path);
    return {};
}

}  // namespace signerctl
