// The hash of a list of fields, for keys of the store.
#pragma once

#include "libpki/ossl/digest.h"

namespace signerd {

// Each field carries its length, so that no two lists of fields run together into one text.
class FieldHash {
   public:
    FieldHash& bytes(pki::Bytes value) {
        const auto size = static_cast<std::uint32_t>(value.size());
        for (const int shift : {24, 16, 8, 0})
            fields_.push_back(static_cast<std::uint8_t>(size >> shift));
        pki::append(fields_, value);
        return *this;
    }
    FieldHash& text(std::string_view value) { return bytes(pki::as_bytes(value)); }
    template <class Enum>
    FieldHash& octet(Enum value) {
        const auto octet = static_cast<std::uint8_t>(value);
        return bytes({&octet, 1});
    }

    pki::ossl::Sha256 take() const { return pki::ossl::sha256(fields_); }

   private:
    pki::Buffer fields_;
};

}  // namespace signerd
