#include "ngx_common/known_signers.h"

namespace ngx_enroll {

namespace {

std::size_t index_of(const pki::ossl::Sha256& sha256, std::size_t places) {
    return (static_cast<std::size_t>(sha256[0]) << 8 | sha256[1]) % places;
}

}  // namespace

bool KnownSigners::knows(pki::Bytes certificate, std::int64_t now) const {
    const pki::ossl::Sha256 sha256 = pki::ossl::sha256(certificate);
    const std::lock_guard lock(mutex_);
    const Place& place = places_[index_of(sha256, kPlaces)];
    return place.sha256 == sha256 && place.window.from <= now && now < place.window.until;
}

void KnownSigners::remember(pki::Bytes certificate, Window window) {
    const pki::ossl::Sha256 sha256 = pki::ossl::sha256(certificate);
    const std::lock_guard lock(mutex_);
    places_[index_of(sha256, kPlaces)] = {sha256, window};
}

}  // namespace ngx_enroll
