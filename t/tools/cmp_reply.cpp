#include "t/tools/cmp_reply.h"

#include <cstdio>

#include "libpki/base/base64.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/time.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"
#include "t/tools/cmp_body.h"
#include "t/tools/cmp_json.h"
#include "t/tools/cmp_verify.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::der::constructed;
namespace der = pki::der;

// What an answer must have, or the test ends here.
template <class T>
T need(pki::Result<T> result, const char* what) {
    if (!result) die(std::string("the message: ") + what + ": " + result.error().message());
    return *std::move(result);
}

std::string general_name_text(const der::Element& name) {
    if (name.tag != constructed(4)) return "hex:" + pki::hex_encode(name.encoding);
    const auto read = pki::x509::parse_name(name.content);
    return read ? pki::x509::name_text(*read) : "unreadable";
}

std::int64_t signed_integer(der::Reader& fields) {
    const Bytes octets = need(fields.content(der::kInteger), "an INTEGER");
    std::int64_t value = !octets.empty() && (octets[0] & 0x80) ? -1 : 0;
    for (const std::uint8_t octet : octets) value = value * 256 + octet;
    return value;
}

std::string first_text(der::Reader free_text) {
    if (free_text.at_end()) return "";
    return std::string(pki::as_text(need(free_text.any(), "a text").content));
}

// --- the header ---

void print_info(Json& json, der::Reader info) {
    const std::string type = pki::x509::oid_to_text(need(info.oid(), "an info"));
    if (type == "1.3.6.1.5.5.7.4.13") json.text("implicit", "yes");
    if (type == "1.3.6.1.5.5.7.4.14") {
        const auto time = need(info.any(), "confirmWaitTime");
        json.number("wait", need(pki::parse_time(time.tag, time.content), "confirmWaitTime"));
    }
}

void print_header_field(Json& json, const der::Element& field) {
    const std::map<int, std::string> octets{
        {2, "kid"}, {3, "recip_kid"}, {4, "transaction"}, {5, "nonce"}, {6, "recip_nonce"}};
    der::Reader inside(field.content);
    const int tag = field.tag & 0x1f;
    if (const auto named = octets.find(tag); named != octets.end())
        json.hex(named->second, need(inside.content(der::kOctetString), "an OCTET STRING"));
    if (tag == 0) {
        const auto time = need(inside.content(der::kGeneralizedTime), "messageTime");
        json.number("time", need(pki::parse_time(der::kGeneralizedTime, time), "messageTime"));
    }
    if (tag == 1) {
        auto algorithm = need(inside.enter(der::kSequence), "protectionAlg");
        json.text("algorithm", pki::x509::oid_to_text(need(algorithm.oid(), "protectionAlg")));
    }
    if (tag == 7)
        json.text("free_text", first_text(need(inside.enter(der::kSequence), "freeText")));
    if (tag == 8)
        for (auto infos = need(inside.enter(der::kSequence), "generalInfo"); !infos.at_end();)
            print_info(json, need(infos.enter(der::kSequence), "generalInfo"));
}

// protectionAlg, if there is one.
Bytes print_header(Json& json, der::Reader fields) {
    Bytes algorithm;
    json.number("pvno", signed_integer(fields));
    json.text("sender", general_name_text(need(fields.any(), "sender")));
    json.text("recipient", general_name_text(need(fields.any(), "recipient")));
    while (!fields.at_end()) {
        const auto field = need(fields.any(), "a field of the header");
        print_header_field(json, field);
        if (field.tag == constructed(1)) algorithm = field.content;
    }
    return algorithm;
}

// --- bodies ---

std::string fail_info_names(Bytes bits) {
    const char* const names[] = {"badAlg",
                                 "badMessageCheck",
                                 "badRequest",
                                 "badTime",
                                 "badCertId",
                                 "badDataFormat",
                                 "wrongAuthority",
                                 "incorrectData",
                                 "missingTimeStamp",
                                 "badPOP",
                                 "certRevoked",
                                 "certConfirmed",
                                 "wrongIntegrity",
                                 "badRecipientNonce",
                                 "timeNotAvailable",
                                 "unacceptedPolicy",
                                 "unacceptedExtension",
                                 "addInfoNotAvailable",
                                 "badSenderNonce",
                                 "badCertTemplate",
                                 "signerNotTrusted",
                                 "transactionIdInUse",
                                 "unsupportedVersion",
                                 "notAuthorized",
                                 "systemUnavail",
                                 "systemFailure",
                                 "duplicateCertReq"};
    std::string all;
    for (std::size_t bit = 0; bit < std::size(names); bit++)
        if (1 + bit / 8 < bits.size() && (bits[1 + bit / 8] & (0x80 >> bit % 8)))
            all += (all.empty() ? "" : " ") + std::string(names[bit]);
    return all;
}

void print_status(Json& json, der::Reader fields) {
    json.number("status", signed_integer(fields));
    if (fields.next_is(der::kSequence))
        json.text("text", first_text(need(fields.enter(der::kSequence), "statusString")));
    if (fields.next_is(der::kBitString))
        json.text("fail_info",
                  fail_info_names(need(fields.content(der::kBitString), "failInfo")));
}

void print_certified_pair(Json& json, der::Reader fields) {
    const auto choice = need(fields.any(), "certOrEncCert");
    if (choice.tag == constructed(0))
        json.text("certificate", pki::x509::certificate_to_pem(choice.content));
    if (fields.next_is(constructed(0)))
        json.hex("private_key", need(fields.content(constructed(0)), "privateKey"));
}

void print_cert_rep(Json& json, der::Reader fields) {
    std::int64_t ca_pubs = 0;
    if (fields.next_is(constructed(1))) {
        auto explicitly = need(fields.enter(constructed(1)), "caPubs");
        for (auto all = need(explicitly.enter(der::kSequence), "caPubs"); !all.at_end();
             ca_pubs++)
            (void)need(all.any(), "caPubs");
    }
    json.number("ca_pubs", ca_pubs);
    auto responses = need(fields.enter(der::kSequence), "response");
    auto first = need(responses.enter(der::kSequence), "response");
    json.number("id", signed_integer(first));
    print_status(json, need(first.enter(der::kSequence), "status"));
    if (first.next_is(der::kSequence))
        print_certified_pair(json, need(first.enter(der::kSequence), "certifiedKeyPair"));
}

void print_error(Json& json, der::Reader fields) {
    print_status(json, need(fields.enter(der::kSequence), "pKIStatusInfo"));
    if (fields.next_is(der::kInteger)) json.number("error_code", signed_integer(fields));
}

void print_rev_rep(Json& json, der::Reader fields) {
    auto statuses = need(fields.enter(der::kSequence), "status");
    std::int64_t count = 0;
    for (; !statuses.at_end(); count++) {
        const auto one = need(statuses.enter(der::kSequence), "status");
        if (count == 0) print_status(json, one);
    }
    json.number("statuses", count);
}

void print_poll_rep(Json& json, der::Reader fields) {
    auto first = need(fields.enter(der::kSequence), "pollRep");
    json.number("id", signed_integer(first));
    json.number("check_after", signed_integer(first));
    if (!first.at_end())
        json.text("text", first_text(need(first.enter(der::kSequence), "reason")));
}

void print_general(Json& json, der::Reader infos) {
    Json all;
    while (!infos.at_end()) {
        auto info = need(infos.enter(der::kSequence), "an info");
        const auto type = need(info.oid(), "an info");
        all.hex(pki::x509::oid_to_text(type), info.rest());
    }
    json.raw("infos", all.object());
}

void print_nested(Json& json, der::Reader messages) {
    int count = 0;
    for (; !messages.at_end(); count++)
        need(messages.element(der::kSequence), "a nested message");
    json.number("inner", count);
}

void print_body(Json& json, const std::string& type, Bytes body) {
    if (type == "pkiconf") return;
    der::Reader outside(body);
    der::Reader fields = need(outside.enter(der::kSequence), "the body");
    if (type == "ip" || type == "cp" || type == "kup" || type == "ccp")
        print_cert_rep(json, fields);
    else if (type == "error")
        print_error(json, fields);
    else if (type == "rp")
        print_rev_rep(json, fields);
    else if (type == "pollRep")
        print_poll_rep(json, fields);
    else if (type == "genp")
        print_general(json, fields);
    else if (type == "nested")
        print_nested(json, fields);
}

// --- around them ---

void print_extra_certs(Json& json, der::Reader certificates) {
    std::vector<std::string> subjects, pems;
    while (!certificates.at_end()) {
        const Bytes der = need(certificates.any(), "extraCerts").encoding;
        const auto certificate = pki::x509::parse_certificate(der);
        subjects.push_back(certificate ? pki::x509::name_text(certificate->tbs.subject)
                                       : "unreadable");
        pems.push_back(pki::x509::certificate_to_pem(der));
    }
    json.texts("extra_certs", subjects);
    json.texts("extra_pems", pems);
}

}  // namespace

void print_message(const Options& options) {
    const Buffer message = options.file("message");
    der::Reader outside(message);
    der::Reader fields = need(outside.enter(der::kSequence), "PKIMessage");
    if (!outside.at_end()) die("the message: octets behind it");
    Json json;
    const auto header = need(fields.element(der::kSequence), "header");
    const Bytes algorithm = print_header(json, der::Reader(header.content));
    const auto body = need(fields.any(), "body");
    const std::string type = body_name(body.tag & 0x1f);
    json.text("type", type);
    print_body(json, type, body.content);
    std::optional<Bytes> bits;
    if (fields.next_is(constructed(0)))
        bits =
            need(need(fields.enter(constructed(0)), "protection").bit_string_octets(), "bits");
    pki::der::Writer part;
    part.sequence([&] {
        part.raw(header.encoding);
        part.raw(body.encoding);
    });
    json.text("protected", protected_by(options, algorithm, part.view(), bits));
    if (fields.next_is(constructed(1)))
        print_extra_certs(
            json, need(need(fields.enter(constructed(1)), "extraCerts").enter(der::kSequence),
                       "extraCerts"));
    std::printf("%s\n", json.object().c_str());
}

}  // namespace forge
