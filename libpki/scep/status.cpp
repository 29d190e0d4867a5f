#include "libpki/scep/status.h"

namespace pki::scep {

FailInfo fail_info(Errc code) {
    switch (code) {
        case Errc::unsupported:
        case Errc::weak_key: return FailInfo::bad_alg;
        case Errc::bad_signature: return FailInfo::bad_message_check;
        case Errc::not_found: return FailInfo::bad_cert_id;
        case Errc::malformed:
        case Errc::unauthenticated:
        case Errc::denied:
        case Errc::conflict:
        case Errc::limited:
        case Errc::unavailable:
        case Errc::internal: return FailInfo::bad_request;
    }
    return FailInfo::bad_request;
}

std::string_view name(PkiStatus status) {
    switch (status) {
        case PkiStatus::success: return "SUCCESS";
        case PkiStatus::failure: return "FAILURE";
        case PkiStatus::pending: return "PENDING";
    }
    return "unknown";
}

std::string_view name(FailInfo info) {
    switch (info) {
        case FailInfo::bad_alg: return "badAlg";
        case FailInfo::bad_message_check: return "badMessageCheck";
        case FailInfo::bad_request: return "badRequest";
        case FailInfo::bad_time: return "badTime";
        case FailInfo::bad_cert_id: return "badCertId";
    }
    return "unknown";
}

}  // namespace pki::scep
