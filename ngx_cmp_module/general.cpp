#include "ngx_cmp_module/general.h"

#include <algorithm>

#include "libpki/base/utf8.h"
#include "libpki/cmp/general.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/wire/lookup.h"
#include "libpki/wire/revocation.h"
#include "libpki/wire/transaction.h"
#include "libpki/x509/oids.h"
#include "ngx_cmp_module/ask.h"

namespace ngx_enroll::cmp {

namespace wire = pki::wire;

struct General {
    struct Part {
        pki::Bytes type;
        pki::Buffer value;  // empty: there is nothing to tell
    };

    std::vector<pki::cmp::Info> asked;
    std::size_t at = 0;  // which of them is being answered
    std::vector<Part> parts;
    std::vector<pki::Bytes> unsupported;

    // Of crlStatusList.
    std::vector<pki::cmp::CrlStatus> lists;
    std::size_t list_at = 0;
    std::vector<pki::Buffer> crls;
};

namespace {

using pki::Errc;
using pki::fail;
using pki::Reason;

ngx_int_t go_on(CmpExchange& exchange);

ngx_int_t answer_part(CmpExchange& exchange, pki::Bytes type, pki::Buffer value) {
    General& general = *exchange.general;
    general.parts.push_back({type, std::move(value)});
    general.at++;
    return go_on(exchange);
}

// What signerd has, made into the value of a type. not_found is an answer as well: the value is
// absent (RFC 9483 4.3). Any other refusal is one of the whole message: "nothing" would tell a
// client that it has the newest there is.
template <class Reply, class Make>
pki::Result<ngx_int_t> take_part(CmpExchange& exchange, const wire::Frame& frame,
                                 pki::Bytes type, Make make) {
    if (frame.header.kind == wire::Kind::error_reply) {
        PKI_TRY(const auto error, wire::decode<wire::ErrorReply>(frame));
        return error.code == Errc::not_found ? answer_part(exchange, type, {})
                                             : answer_refusal(exchange, error);
    }
    PKI_TRY(const Reply reply, wire::decode<Reply>(frame));
    return answer_part(exchange, type, make(reply));
}

// --- CA certificates, templates ---

pki::Result<ngx_int_t> on_ca_certs(CmpExchange& exchange, const wire::Frame& frame) {
    return take_part<wire::CaCertsReply>(
        exchange, frame, pki::cmp::kCaCerts,
        [](const auto& reply) { return pki::cmp::ca_certs_value(reply.certificates); });
}

ngx_int_t ask_ca_certs(CmpExchange& exchange, pki::Bytes) {
    wire::CaCertsRequest request;
    request.profile = exchange.current->profile;
    return ask(exchange, request, on_ca_certs, true);
}

pki::Result<ngx_int_t> on_root_update(CmpExchange& exchange, const wire::Frame& frame) {
    return take_part<wire::RootUpdateReply>(
        exchange, frame, pki::cmp::kRootCaKeyUpdate, [](const auto& reply) {
            return pki::cmp::root_update_value(
                {reply.new_with_new, reply.new_with_old, reply.old_with_new});
        });
}

ngx_int_t ask_root_update(CmpExchange& exchange, pki::Bytes root) {
    wire::RootUpdateRequest request;
    request.profile = exchange.current->profile;
    request.root = root;
    return ask(exchange, request, on_root_update, true);
}

pki::Result<ngx_int_t> on_template(CmpExchange& exchange, const wire::Frame& frame) {
    return take_part<wire::TemplateReply>(
        exchange, frame, pki::cmp::kCertReqTemplate,
        [](const auto& reply) { return pki::to_buffer(reply.cert_req_template); });
}

template <std::vector<pki::Bytes> wire::TemplateReply::*Keys>
pki::Result<ngx_int_t> on_key_types(CmpExchange& exchange, const wire::Frame& frame) {
    const General& general = *exchange.general;
    return take_part<wire::TemplateReply>(
        exchange, frame, general.asked[general.at].type, [](const auto& reply) {
            return (reply.*Keys).empty() ? pki::Buffer()
                                         : pki::cmp::algorithms_value(reply.*Keys);
        });
}

template <AnswerMaker Make>
ngx_int_t ask_template(CmpExchange& exchange, pki::Bytes) {
    wire::TemplateRequest request;
    request.profile = exchange.current->profile;
    return ask(exchange, request, Make, true);
}

// --- what the location knows ---

ngx_int_t tell_encryption_certificate(CmpExchange& exchange, pki::Bytes) {
    const pki::Buffer* certificate = conf_of(exchange.request).encryption_certificate;
    return answer_part(exchange, pki::cmp::kCaProtEncCert,
                       certificate != nullptr ? *certificate : pki::Buffer());
}

// RFC 9810 5.3.19.4: the cipher that we seal with ourselves.
ngx_int_t tell_cipher(CmpExchange& exchange, pki::Bytes) {
    pki::der::Writer writer;
    writer.sequence([&] { writer.oid(pki::x509::oid::kAes256Cbc); });
    return answer_part(exchange, pki::cmp::kPreferredSymmAlg, std::move(writer).take());
}

// --- CRLs ---

pki::Result<wire::CrlReply> whole_crl(const wire::Frame& frame) {
    PKI_TRY(const wire::CrlReply crl, wire::decode<wire::CrlReply>(frame));
    if (crl.data.empty() || crl.data.size() != crl.size)
        return fail(Errc::malformed, "half a CRL");
    return crl;
}

pki::Result<ngx_int_t> on_current_crl(CmpExchange& exchange, const wire::Frame& frame) {
    if (frame.header.kind != wire::Kind::error_reply) PKI_CHECK(whole_crl(frame));
    return take_part<wire::CrlReply>(
        exchange, frame, pki::cmp::kCurrentCrl,
        [](const auto& reply) { return pki::to_buffer(reply.data); });
}

ngx_int_t ask_current_crl(CmpExchange& exchange, pki::Bytes) {
    wire::IssuerCrlRequest request;
    request.profile = exchange.current->profile;
    return ask(exchange, request, on_current_crl, true);
}

ngx_int_t ask_next_list(CmpExchange& exchange);

// RFC 9483 4.3.4: none that the client has already.
void keep_newer(General& general, const wire::CrlReply& crl) {
    const auto& known = general.lists[general.list_at].this_update;
    if (!known || crl.this_update > *known) general.crls.push_back(pki::to_buffer(crl.data));
}

pki::Result<ngx_int_t> on_list(CmpExchange& exchange, const wire::Frame& frame) {
    if (frame.header.kind == wire::Kind::error_reply) {
        PKI_TRY(const auto error, wire::decode<wire::ErrorReply>(frame));
        if (error.code != Errc::not_found) return answer_refusal(exchange, error);
    } else {
        PKI_TRY(const wire::CrlReply crl, whole_crl(frame));
        keep_newer(*exchange.general, crl);
    }
    exchange.general->list_at++;
    return ask_next_list(exchange);
}

// A point has its list in several places; ours are served over HTTP.
std::string_view url_of(const pki::cmp::CrlStatus& status) {
    const auto http = std::ranges::find_if(status.urls, [](std::string_view url) {
        return url.starts_with("http") && pki::is_plain_text(url);
    });
    return http != status.urls.end() && http->size() <= pki::limits::kUrl ? *http
                                                                          : std::string_view();
}

pki::Buffer crls_value(const General& general) {
    if (general.crls.empty()) return {};
    return pki::cmp::crls_value({general.crls.begin(), general.crls.end()});
}

ngx_int_t ask_next_list(CmpExchange& exchange) {
    General& general = *exchange.general;
    for (; general.list_at < general.lists.size(); general.list_at++) {
        const pki::cmp::CrlStatus& wanted = general.lists[general.list_at];
        wire::IssuerCrlRequest request;
        request.profile = exchange.current->profile;
        request.issuer = wanted.issuer;
        if (request.issuer.empty()) request.url = url_of(wanted);
        // Without both it would be another list than the one that is wanted.
        if (request.issuer.empty() && request.url.empty()) continue;
        return ask(exchange, request, on_list, true);
    }
    return answer_part(exchange, pki::cmp::kCrls, crls_value(general));
}

ngx_int_t ask_lists(CmpExchange& exchange, pki::Bytes value) {
    auto lists = pki::cmp::parse_crl_status_list(value);
    if (!lists) return answer_failure(exchange, lists.error());
    exchange.general->lists = std::move(*lists);
    return ask_next_list(exchange);
}

// --- all of them ---

struct Row {
    pki::Bytes type;
    ngx_int_t (*answer)(CmpExchange&, pki::Bytes value);
};

constexpr Row kRows[] = {
    {pki::cmp::kCaCerts, ask_ca_certs},
    {pki::cmp::kRootCaCert, ask_root_update},
    {pki::cmp::kCertReqTemplate, ask_template<on_template>},
    {pki::cmp::kCrlStatusList, ask_lists},
    {pki::cmp::kCurrentCrl, ask_current_crl},
    {pki::cmp::kCaProtEncCert, tell_encryption_certificate},
    {pki::cmp::kSignKeyPairTypes,
     ask_template<on_key_types<&wire::TemplateReply::signing_keys>>},
    {pki::cmp::kEncKeyPairTypes,
     ask_template<on_key_types<&wire::TemplateReply::encryption_keys>>},
    {pki::cmp::kPreferredSymmAlg, tell_cipher},
};

const Row* row_of(pki::Bytes type) {
    const auto* row =
        std::ranges::find_if(kRows, [&](const Row& one) { return pki::equal(one.type, type); });
    return row != std::end(kRows) ? row : nullptr;
}

ngx_int_t answer_all(CmpExchange& exchange) {
    General& general = *exchange.general;
    std::vector<pki::cmp::Info> infos;
    for (const General::Part& part : general.parts) infos.push_back({part.type, part.value});
    pki::Buffer unsupported;
    if (!general.unsupported.empty()) {
        unsupported = pki::cmp::unsupported_oids_value(general.unsupported);
        infos.push_back({pki::cmp::kUnsupportedOids, unsupported});
    }
    exchange.outcome = "ok";
    return answer_with(exchange, {pki::cmp::BodyType::genp, pki::cmp::build_general(infos)});
}

ngx_int_t go_on(CmpExchange& exchange) {
    General& general = *exchange.general;
    for (; general.at < general.asked.size(); general.at++) {
        const pki::cmp::Info& info = general.asked[general.at];
        if (const Row* row = row_of(info.type)) return row->answer(exchange, info.value);
        general.unsupported.push_back(info.type);
    }
    return answer_all(exchange);
}

// RFC 9483 6.1: what the path has named is what the message asks for, and nothing else.
bool suits_path(const CmpExchange& exchange, const std::vector<pki::cmp::Info>& infos) {
    if (!exchange.operation || exchange.current != &exchange.message) return true;
    const pki::Bytes wanted = pki::cmp::required_info(*exchange.operation);
    return std::ranges::all_of(infos,
                               [&](const auto& info) { return pki::equal(info.type, wanted); });
}

// One genm shall not make us ask the same thing over and over.
bool any_twice(const std::vector<pki::cmp::Info>& infos) {
    for (std::size_t i = 0; i < infos.size(); i++)
        for (std::size_t k = 0; k < i; k++)
            if (pki::equal(infos[i].type, infos[k].type)) return true;
    return false;
}

}  // namespace

ngx_int_t start_general(CmpExchange& exchange) {
    auto asked = pki::cmp::parse_general(exchange.current->message->body);
    if (!asked) return answer_failure(exchange, asked.error());
    if (!suits_path(exchange, *asked))
        return answer_failure(exchange, fail(Errc::malformed, Reason::bad_request,
                                             "the genm asks for what its path does not name"));
    if (any_twice(*asked))
        return answer_failure(exchange, fail(Errc::malformed, Reason::bad_request,
                                             "a type of information is asked for twice"));
    exchange.general = new_in_pool<General>(exchange.request->pool);
    exchange.general->asked = std::move(*asked);
    return go_on(exchange);
}

}  // namespace ngx_enroll::cmp
