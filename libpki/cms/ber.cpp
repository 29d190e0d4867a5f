#include "libpki/cms/ber.h"

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"

namespace pki::cms {

namespace {

constexpr std::uint8_t kConstructed = 0x20;
constexpr std::uint8_t kEndOfContents = 0x00;

struct Length {
    std::size_t value = 0;
    bool indefinite = false;
};

class Rewriter {
   public:
    explicit Rewriter(Bytes input) : in_(input), out_(input.size() + 64) {}

    Result<Buffer> run() {
        PKI_CHECK(element(in_.size(), 0));
        if (at_ != in_.size()) return error("BER: trailing data");
        return std::move(out_).take();
    }

   private:
    Error error(const char* text, Errc code = Errc::malformed) const {
        return fail(code, text, at_);
    }

    // X.690 8.1.2: one octet of tag. `end` is where the element around it ends.
    Result<std::uint8_t> read_tag(std::size_t end) {
        if (at_ >= end) return error("BER: truncated");
        const std::uint8_t tag = in_[at_];
        if ((tag & 0x1f) == 0x1f) return error("BER: multi-byte tag", Errc::unsupported);
        if (tag == kEndOfContents) return error("BER: end-of-contents out of place");
        at_++;
        return tag;
    }

    // X.690 8.1.3: zeros in front are legal; the indefinite form is for constructed ones.
    Result<Length> read_length(std::uint8_t tag, std::size_t end) {
        if (at_ >= end) return error("BER: truncated length");
        const std::uint8_t first = in_[at_++];
        if (first == 0x80) {
            if (!(tag & kConstructed)) return error("BER: primitive of indefinite length");
            return Length{0, true};
        }
        std::size_t value = first;
        if (first > 0x80) {
            const std::size_t count = first & 0x7f;
            if (count > sizeof(std::size_t) || count > end - at_)
                return error("BER: truncated length");
            value = 0;
            for (std::size_t i = 0; i < count; i++) value = value << 8 | in_[at_++];
        }
        if (value > end - at_) return error("BER: length beyond the input");
        return Length{value, false};
    }

    struct Start {
        std::uint8_t tag = 0;
        Length length;
    };

    Result<Start> start(std::size_t end, std::size_t depth) {
        if (depth > limits::kBerDepth) return error("BER: too deep");
        if (++elements_ > limits::kBerElements) return error("BER: too many elements");
        PKI_TRY(const std::uint8_t tag, read_tag(end));
        PKI_TRY(const Length length, read_length(tag, end));
        return Start{tag, length};
    }

    // Calls `each(end)` for every element inside.
    template <class Each>
    Status inside(const Length& length, std::size_t end, Each&& each) {
        if (!length.indefinite) {
            const std::size_t stop = at_ + length.value;
            while (at_ < stop) PKI_CHECK(each(stop));
            return {};
        }
        while (!at_end_of_contents(end)) PKI_CHECK(each(end));
        at_ += 2;
        return {};
    }

    bool at_end_of_contents(std::size_t end) const {
        return end - at_ >= 2 && in_[at_] == 0 && in_[at_ + 1] == 0;
    }

    // X.690 8.7.3.2 and 8.23.6: the parts of any constructed string are OCTET STRINGs, and may
    // be constructed again.
    Status string_part(std::size_t end, std::size_t depth, Buffer& joined) {
        PKI_TRY(const Start part, start(end, depth));
        if ((part.tag & ~kConstructed) != der::kOctetString)
            return error("BER: part of a string");
        if (!(part.tag & kConstructed)) {
            append(joined, take(part.length));
            return {};
        }
        return inside(part.length, end,
                      [&](std::size_t stop) { return string_part(stop, depth + 1, joined); });
    }

    Bytes take(const Length& length) {
        const Bytes content = in_.subspan(at_, length.value);
        at_ += length.value;
        return content;
    }

    // Universal and a string or a time, which are strings too (X.680 46 and 47).
    static bool is_string(std::uint8_t tag) {
        const int number = tag & 0x1f;
        return !(tag & 0xc0) && (number == 4 || number == 7 || number == 12 ||
                                 (number >= 18 && number <= 30 && number != 29));
    }

    Status element(std::size_t end, std::size_t depth) {
        PKI_TRY(const Start s, start(end, depth));
        if (!(s.tag & kConstructed)) {
            out_.primitive(s.tag, take(s.length));
            return {};
        }
        if (s.tag == (der::kBitString | kConstructed))
            return error("BER: constructed BIT STRING", Errc::unsupported);
        if (is_string(s.tag)) return string(s, end, depth);
        Status status;
        out_.tlv(s.tag, [&] {
            status = inside(s.length, end,
                            [&](std::size_t stop) { return element(stop, depth + 1); });
        });
        return status;
    }

    Status string(const Start& s, std::size_t end, std::size_t depth) {
        Buffer joined;
        PKI_CHECK(inside(s.length, end, [&](std::size_t stop) {
            return string_part(stop, depth + 1, joined);
        }));
        out_.primitive(static_cast<std::uint8_t>(s.tag & ~kConstructed), joined);
        return {};
    }

    Bytes in_;
    std::size_t at_ = 0;
    std::size_t elements_ = 0;
    der::Writer out_;
};

}  // namespace

Result<Buffer> der_from_ber(Bytes ber, std::size_t max_size) {
    if (ber.size() > max_size) return fail(Errc::malformed, "BER: too large");
    return Rewriter(ber).run();
}

}  // namespace pki::cms
