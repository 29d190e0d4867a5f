#include "signerd/keys/protocol.h"

namespace signerd {

namespace wire = pki::wire;

// The header is that of wire::parse_frame(), which takes the kinds of the network only.
pki::Result<wire::Frame> parse_key_frame(pki::Bytes in) {
    PKI_TRY(const std::size_t size, wire::frame_size(in));
    if (size == 0 || size != in.size())
        return pki::fail(pki::Errc::malformed, "key child: incomplete frame");
    if (in[4] != wire::kVersion || in[6] != 0 || in[7] != 0)
        return pki::fail(pki::Errc::malformed, "key child: bad header");
    std::uint64_t id = 0;
    for (const std::uint8_t octet : in.subspan(8, 8)) id = id << 8 | octet;
    return wire::Frame{{wire::Kind{in[5]}, id}, in.subspan(wire::kHeaderSize)};
}

}  // namespace signerd
