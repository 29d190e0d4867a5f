#include "signerd/crl_make.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "libpki/base/limits.h"
#include "libpki/ossl/signature_stream.h"
#include "signerd/fault.h"
#include "signerd/log.h"

namespace signerd {

namespace x509 = pki::x509;

namespace {

constexpr std::size_t kBlock = std::size_t{256} * 1024;

pki::Error failure(const char* text) {
    return pki::fail(pki::Errc::unavailable, text, errno_text());
}

// Writes blocks, so that an entry costs no system call.
class BlockWriter {
   public:
    explicit BlockWriter(int fd) : fd_(fd) { block_.reserve(kBlock); }

    pki::Status write(pki::Bytes bytes) {
        pki::append(block_, bytes);
        size_ += bytes.size();
        return block_.size() < kBlock ? pki::Status() : flush();
    }
    pki::Status flush() {
        std::size_t sent = 0;
        while (sent < block_.size()) {
            const ssize_t n = ::write(fd_, block_.data() + sent, block_.size() - sent);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return failure("crl: cannot write");
            sent += static_cast<std::size_t>(n);
        }
        block_.clear();
        return {};
    }
    std::uint64_t size() const { return size_; }

   private:
    int fd_;
    pki::Buffer block_;
    std::uint64_t size_ = 0;
};

Fd create(const std::string& path) {
    return Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

x509::CrlSpec spec_of(const CrlDraft& draft) {
    x509::CrlSpec spec;
    spec.scheme = draft.scheme;
    spec.issuer = draft.issuer;
    spec.this_update = draft.record.this_update;
    spec.next_update = draft.record.next_update;
    spec.authority_key_identifier = draft.authority_key_identifier;
    spec.number = draft.record.number;
    if (draft.record.delta) spec.base = draft.record.base;
    spec.only_user_certs = draft.only_user_certs;
    spec.distribution_points = draft.distribution_points;
    spec.freshest = draft.freshest;
    return spec;
}

pki::Status read_entries(CrlSource& source, const CrlDraft& draft,
                         const CrlSource::OnEntry& on_entry) {
    const CrlRecord& record = draft.record;
    return record.delta
               ? source.delta(record.ca, record.partition, draft.alive, draft.since, on_entry)
               : source.complete(record.ca, record.partition, draft.alive, on_entry);
}

// Hands on every part of the TBSCertList in order.
template <class Take>
pki::Status each_block(const TbsCrl& tbs, Take&& take) {
    std::uint64_t offset = 0;
    while (true) {
        PKI_TRY(const pki::Buffer block, tbs.read(offset, kBlock));
        if (block.empty()) return {};
        offset += block.size();
        PKI_CHECK(take(block));
    }
}

// See check_signature() in issue.cpp.
pki::Status verify(const TbsCrl& tbs, const CrlDraft& draft, pki::Bytes signature,
                   EVP_PKEY* key) {
    if (key == nullptr) return {};
    PKI_TRY(auto stream, pki::ossl::VerificationStream::begin(key, draft.scheme));
    PKI_CHECK(each_block(tbs, [&](pki::Bytes block) { return stream.update(block); }));
    if (stream.finish(signature)) return {};
    return pki::fail(pki::Errc::internal, "crl: the key child returned a bad signature",
                     draft.record.ca);
}

// Writes through a hash.
class HashedFile {
   public:
    explicit HashedFile(int fd) : out_(fd) {}

    pki::Status write(pki::Bytes bytes) {
        hash_.update(bytes);
        return out_.write(bytes);
    }
    pki::Status finish(CrlRecord& record) {
        record.size = out_.size();
        record.sha256 = hash_.finish();
        return out_.flush();
    }

   private:
    BlockWriter out_;
    pki::ossl::Sha256Stream hash_;
};

pki::Status write_list(int fd, const TbsCrl& tbs, CrlDraft& draft, pki::Bytes signature) {
    HashedFile file(fd);
    PKI_CHECK(file.write(x509::crl_head(draft.tbs_size(), draft.scheme, signature)));
    PKI_CHECK(each_block(tbs, [&](pki::Bytes block) { return file.write(block); }));
    PKI_CHECK(file.write(x509::crl_tail(draft.scheme, signature)));
    PKI_CHECK(file.finish(draft.record));
    return fsync(fd) == 0 ? pki::Status() : failure("crl: cannot sync");
}

pki::Status sync_folder(const std::string& folder) {
    const Fd open_folder(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (open_folder && fsync(open_folder.get()) == 0) return {};
    return failure("crl: cannot sync the folder");
}

pki::Status write_durably(const CrlFiles& files, const TbsCrl& tbs, CrlDraft& draft,
                          pki::Bytes signature) {
    const std::string path = files.path(draft.record);
    const Fd file = create(path);
    if (!file) return failure("crl: cannot make a file");
    const auto written = write_list(file.get(), tbs, draft, signature);
    if (!written) {
        unlink(path.c_str());
        return written;
    }
    return sync_folder(files.folder());
}

}  // namespace

pki::Status gather_entries(CrlSource& source, const CrlFiles& files, CrlDraft& draft) {
    const Fd file = create(files.entries_path(draft.record));
    if (!file) return failure("crl: cannot make a file");
    BlockWriter out(file.get());
    pki::Status written;
    draft.record.entries = 0;
    const auto on_entry = [&](const CrlSource::Entry& entry) {
        pki::der::Writer writer(64);
        x509::write_crl_entry(writer, {entry.serial, entry.time, entry.reason});
        if (written) written = out.write(writer.view());
        draft.record.entries++;
    };
    PKI_CHECK(read_entries(source, draft, on_entry));
    PKI_CHECK(std::move(written));
    PKI_CHECK(out.flush());
    draft.entries_size = out.size();
    draft.frame = x509::build_tbs_crl_frame(spec_of(draft), draft.entries_size);
    if (draft.tbs_size() > pki::limits::kCrl)
        return pki::fail(pki::Errc::internal, "crl: too large; use partitions",
                         draft.record.ca);
    return {};
}

pki::Result<TbsCrl> TbsCrl::open(const CrlFiles& files, const CrlDraft& draft) {
    Fd entries(::open(files.entries_path(draft.record).c_str(), O_RDONLY | O_CLOEXEC));
    if (!entries) return failure("crl: the entries are gone");
    return TbsCrl(std::move(entries), draft);
}

pki::Result<pki::Buffer> TbsCrl::read(std::uint64_t offset, std::size_t max) const {
    const auto part = [&](const pki::Buffer& buffer, std::uint64_t at) {
        const std::size_t size = std::min<std::uint64_t>(buffer.size() - at, max);
        return pki::to_buffer(pki::Bytes(buffer).subspan(at, size));
    };
    if (offset < frame_.head.size()) return part(frame_.head, offset);
    offset -= frame_.head.size();
    if (offset < entries_size_) {
        const std::uint64_t left = entries_size_ - offset;
        return read_at(entries_.get(), offset, std::min<std::uint64_t>(left, max));
    }
    offset -= entries_size_;
    return offset < frame_.tail.size() ? part(frame_.tail, offset) : pki::Buffer();
}

pki::Status write_crl(const CrlFiles& files, CrlDraft& draft, pki::Bytes signature,
                      EVP_PKEY* rsa_key) {
    auto written = [&]() -> pki::Status {
        PKI_TRY(const TbsCrl tbs, TbsCrl::open(files, draft));
        PKI_CHECK(verify(tbs, draft, signature, rsa_key));
        SIGNERD_FAULT("crl:2");
        return write_durably(files, tbs, draft, signature);
    }();
    unlink(files.entries_path(draft.record).c_str());
    return written;
}

}  // namespace signerd
