// Revoking what IssueFixture issues.
#pragma once

#include <jansson.h>

#include "signerd/revoke.h"
#include "t/unit/issue_fixture.h"

namespace unit {

class RevokeFixture : public IssueFixture {
   public:
    using CrlReason = pki::x509::CrlReason;

    RevokeFixture() {
        admin.name = "operator";
        admin.role = signerd::Role::admin;
    }

    static pki::wire::RevokeRequest by_serial(const std::string& serial,
                                              CrlReason reason = CrlReason::superseded) {
        pki::wire::RevokeRequest request;
        request.serial = serial;
        request.reason = static_cast<std::uint8_t>(reason);
        return request;
    }
    static pki::wire::RevokeRequest by_certificate(pki::Bytes der,
                                                   CrlReason reason = CrlReason::superseded) {
        pki::wire::RevokeRequest request;
        request.certificate = der;
        request.reason = static_cast<std::uint8_t>(reason);
        return request;
    }
    static pki::wire::RevokeRequest to_release(const std::string& serial) {
        pki::wire::RevokeRequest request;
        request.serial = serial;
        request.release = true;
        return request;
    }

    // As far as the committer; the id of the request is the result.
    template <class M>
    std::uint64_t start(const M& message) {
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *pki::wire::encode(message, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        const signerd::Request request{
            generation, &admin, *pki::wire::parse_frame(frame), {8, id}};
        if constexpr (M::kKind == pki::wire::Kind::revoke_request)
            revoker.revoke(request);
        else
            revoker.revoke_many(request);
        return id;
    }
    template <class M>
    std::uint64_t ask(const M& message) {
        const std::uint64_t id = start(message);
        committer.run();
        return id;
    }

    // The serial of a new certificate.
    std::string certificate(const std::string& subject = "CN=device-1") {
        return certificate_for(make_csr(subject));
    }
    std::string certificate_for(const pki::Buffer& csr) {
        der = pki::to_buffer(replies.issued(issue(csr))->certificate);
        return pki::x509::serial_text(pki::x509::parse_certificate(der)->tbs);
    }
    std::optional<signerd::Revocation> revocation(const std::string& serial) {
        return (*store->find_certificate("issuing", serial))->revocation;
    }

    // "0: text", or "-" when it was not refused.
    std::string refusal(std::uint64_t id) const {
        const auto error = replies.error(id);
        return error ? std::string(pki::name(error->code)) + ": " + std::string(error->text)
                     : "-";
    }
    // The JSON of an answer; the caller gives it back.
    json_t* json(std::uint64_t id) const {
        const auto reply = pki::wire::decode<pki::wire::JsonReply>(
            *pki::wire::parse_frame(replies.frames.at(id)));
        if (!reply) return nullptr;
        return json_loadb(reinterpret_cast<const char*>(reply->json.data()), reply->json.size(),
                          JSON_REJECT_DUPLICATES, nullptr);
    }
    // A member of the i-th certificate of an answer.
    std::string member(std::uint64_t id, const char* name, std::size_t i = 0) const {
        json_t* answer = json(id);
        const char* text = json_string_value(
            json_object_get(json_array_get(json_object_get(answer, "certificates"), i), name));
        const std::string found = text != nullptr ? text : "";
        json_decref(answer);
        return found;
    }

    signerd::Peer admin;
    int changes = 0;
    signerd::Revoker revoker{clock, *store, committer, replies, [this] { changes++; }};
    pki::Buffer der;  // of the last certificate()

   private:
    std::uint64_t last_ = 2000;  // apart from those of IssueFixture
};

}  // namespace unit
