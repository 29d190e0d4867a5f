// Frames out of a stream, however it is cut.
#include "signerd/frame_buffer.h"

#include "libpki/wire/messages.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;

void feed(signerd::FrameBuffer& buffer, pki::Bytes bytes) {
    while (!bytes.empty()) {
        const auto room = buffer.room();
        assert_true(!room.empty());
        const std::size_t size = std::min(room.size(), bytes.size());
        std::ranges::copy(bytes.first(size), room.begin());
        buffer.filled(size);
        bytes = bytes.subspan(size);
    }
}

pki::Buffer frame(std::uint64_t id, std::size_t text = 0) {
    const pki::Buffer json(text, 'x');
    return *wire::encode(wire::JsonReply{json}, id);
}

void test_byte_by_byte(void**) {
    signerd::FrameBuffer buffer;
    const pki::Buffer sent = frame(7, 100);
    for (std::size_t i = 0; i < sent.size(); i++) {
        const auto none = buffer.next();
        assert_ok(none);
        assert_true(none->empty());
        feed(buffer, pki::Bytes(sent).subspan(i, 1));
    }
    assert_hex(*buffer.next(), pki::hex_encode(sent));
    assert_true(buffer.next()->empty());
    assert_true(buffer.rest().empty());
}

void test_several_at_once(void**) {
    signerd::FrameBuffer buffer;
    pki::Buffer sent;
    for (std::uint64_t id = 1; id <= 100; id++) pki::append(sent, frame(id, id * 7));
    feed(buffer, sent);
    for (std::uint64_t id = 1; id <= 100; id++)
        assert_hex(*buffer.next(), pki::hex_encode(frame(id, id * 7)));
    assert_true(buffer.next()->empty());
}

void test_largest_frame(void**) {
    signerd::FrameBuffer buffer;
    const pki::Buffer sent = frame(1, pki::limits::kAdminText);
    feed(buffer, sent);
    feed(buffer, frame(2));
    assert_hex(*buffer.next(), pki::hex_encode(sent));
    assert_hex(*buffer.next(), pki::hex_encode(frame(2)));
    // What a rare large frame needed is given back.
    assert_in_range(buffer.room().size(), 1, 64 * 1024);
}

void test_impossible_length(void**) {
    signerd::FrameBuffer buffer;
    feed(buffer, unit::hex("ffffffff"));
    assert_error(pki::Errc::malformed, buffer.next());
    assert_hex(buffer.rest(), "ffffffff");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_largest_frame),
        cmocka_unit_test(test_impossible_length),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
