// CMP messages of a load: the requests, which are made before the clock starts, the
// confirmation, which can be made only when a certificate is there, and the check of some
// answers.
#pragma once

#include <memory>
#include <optional>

#include "libpki/cmp/protection.h"
#include "t/bench/requests.h"

namespace bench {

// How the messages are protected: all by the same device, or with the same secret.
class Sender {
   public:
    static pki::Result<Sender> with_key(const std::string& key_file,
                                        const std::string& certificate_file);
    // PBM with SHA-256 and 500 iterations.
    static pki::Result<Sender> with_secret(const std::string& secret,
                                           const std::string& reference);

    pki::cmp::Protector protector() const;
    bool has_secret() const { return key_ == nullptr; }
    pki::Bytes mac_key() const { return mac_key_->view(); }

   private:
    Sender() = default;

    pki::ossl::PkeyPtr key_;
    pki::Buffer certificate_;
    std::unique_ptr<pki::cmp::MacParameters> mac_;
    std::optional<pki::Secret> mac_key_;
    std::string reference_;
};

// "ir" or "p10cr" messages in base64, each with a transactionID and a subject of its own, for
// keys[number % keys].
pki::Result<std::vector<std::string>> make_cmp_messages(const std::string& type, bool implicit,
                                                        const Sender& sender, const Keys& keys,
                                                        std::size_t count);

// What an answer grants; views into it. An error when that is nothing.
struct CmpAnswer {
    bool confirmed = false;  // pkiconf
    pki::Bytes certificate;
    bool implicit = false;
    std::int64_t id = 0;
};
pki::Result<CmpAnswer> read_cmp_answer(pki::Bytes answer);

// certConf for it, which accepts.
pki::Result<pki::Buffer> make_confirmation(pki::Bytes answer, const Sender& sender);

// Whether an answer is the server's (`certificate`, or the secret's), belongs to the request,
// and has a certificate, if any, for the key that it asked for.
pki::Status check_cmp_answer(pki::Bytes request, pki::Bytes answer, pki::Bytes certificate,
                             const Sender& sender);

}  // namespace bench
