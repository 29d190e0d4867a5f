// The front's side of the key child.
#pragma once

#include <chrono>
#include <functional>

#include "libpki/ossl/digest.h"
#include "signerd/event_loop.h"
#include "signerd/frame_buffer.h"
#include "signerd/keys/crl_stream.h"
#include "signerd/keys/process.h"

namespace signerd {

// What the issue path needs of it; tests put their own in its place.
class Signer {
   public:
    using Done = std::function<void(pki::Result<pki::Buffer> signature)>;

    virtual ~Signer() = default;
    // `done` runs in a later turn: unavailable when the key child is away for too long,
    // internal when it refuses. The caller bounds how many wait.
    virtual void sign(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                      Done done) = 0;
};

// Signs CRLs.
class CrlSigner {
   public:
    // Bytes of the TBSCertList from `offset`, at most `max`; never none before its end.
    using Read = std::function<pki::Result<pki::Buffer>(std::uint64_t offset, std::size_t max)>;
    using Done = Signer::Done;

    virtual ~CrlSigner() = default;
    // Piece by piece, so that certificates are signed in between; one list at a time, further
    // ones wait. `done` as with sign(), also when `read` fails; a list that was under way when
    // the key child was lost is unavailable. `read` is called until `done` is.
    virtual void sign_crl(std::uint64_t generation, const std::string& ca, std::uint64_t size,
                          Read read, Done done) = 0;
};

// Signs OCSP responses, with keys that are in the key child's memory and nowhere else: each
// child makes its own, one for a CA, when it is asked for it.
class OcspSigner {
   public:
    using Done = Signer::Done;

    virtual ~OcspSigner() = default;
    // The SubjectPublicKeyInfo of the responder key of this CA. `fresh`: of a new one, in whose
    // place the one before goes on signing until the one after it is made.
    virtual void responder_key(std::uint64_t generation, const std::string& ca, bool fresh,
                               Done done) = 0;
    // With the CA's key: the TBSCertificate of a responder whose key the child has.
    virtual void sign_responder(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                                Done done) = 0;
    // With the responder key whose SHA-1 key hash stands in the ResponseData. not_found: the
    // child has no such key; it is a new one.
    virtual void sign_ocsp(std::uint64_t generation, const std::string& ca,
                           pki::Bytes response_data, Done done) = 0;
};

// Signs certificates of registration authorities.
class RaSigner {
   public:
    using Done = Signer::Done;

    virtual ~RaSigner() = default;
    // As sign(); what is signed is what check_ra() allows.
    virtual void sign_ra(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                         Done done) = 0;
};

// Starts the key child, again when it dies, and asks it once more for what it had not answered:
// a signature that nobody received has minted nothing. A CRL that was under way is not asked
// for again: its parts are with the child that was lost.
class ChildSigner : public Signer, public CrlSigner, public OcspSigner, public RaSigner {
   public:
    using Done = Signer::Done;
    using Loaded = std::function<void(pki::Result<pki::ossl::Sha256> facts)>;

    // How long to wait for what; tests wait less.
    struct Patience {
        // Longer than a signature with any key takes; then the child hangs, or there is none.
        std::chrono::milliseconds request{10'000};
        std::chrono::milliseconds load{10'000};
        std::chrono::milliseconds load_each_ca{50};
        // Between attempts to load the current generation.
        std::chrono::milliseconds retry{10'000};
    };

    ChildSigner(EventLoop& loop, std::string config_path)
        : ChildSigner(loop, std::move(config_path), Patience{}) {}
    ChildSigner(EventLoop& loop, std::string config_path, Patience patience)
        : loop_(loop), config_path_(std::move(config_path)), patience_(patience) {}
    ~ChildSigner() override;

    // Has the child read configuration and keys as `generation`, beside the current one. With
    // more CAs it may take longer, before it counts as hanging and gets replaced.
    void load(std::uint64_t generation, std::size_t cas, Loaded loaded);
    // Makes a generation that was loaded the current one: the one that a new child has to load,
    // with these facts, before it signs.
    void use(std::uint64_t generation, std::size_t cas, const pki::ossl::Sha256& facts);

    void sign(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
              Done done) override;
    void sign_crl(std::uint64_t generation, const std::string& ca, std::uint64_t size,
                  Read read, Done done) override;
    void responder_key(std::uint64_t generation, const std::string& ca, bool fresh,
                       Done done) override;
    void sign_responder(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                        Done done) override;
    void sign_ocsp(std::uint64_t generation, const std::string& ca, pki::Bytes response_data,
                   Done done) override;
    void sign_ra(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                 Done done) override;
    // Writes what was gathered in this turn.
    void flush();

    pid_t pid() const { return process_ ? process_->pid : 0; }
    const char* state() const;  // "ready", "loading", "unable", "down"

   private:
    using Time = std::chrono::steady_clock::time_point;

    // What the frame of an answer holds.
    using Content = pki::Result<pki::Buffer> (*)(const pki::wire::Frame& frame);

    struct Job {
        pki::Buffer frame;
        Content content;
        Done done;
        bool once = false;  // of no use to another child
        Time since{};
        std::uint64_t child = 0;  // the last one that had it
        int attempts = 0;         // children that had it
    };
    using Jobs = std::map<std::uint64_t, Job>;  // by request id: in the order they came

    struct Load {
        Loaded loaded;
        Time since;
        std::chrono::milliseconds patience;
    };

    pki::Status start();
    void start_again();
    void load_current();
    void current_loaded(const pki::Result<pki::ossl::Sha256>& facts);
    void retry_current();
    void request_load(std::uint64_t generation, std::size_t cas, Loaded loaded);
    template <class Message>
    void ask(const Message& message, Content content, Done done);
    void add(std::uint64_t id, pki::Result<pki::Buffer> frame, Job job);
    void ask_crl(const CrlStream::Encode& message, Done done);
    void submit(Job& job);
    void become_ready();
    void on_event(std::uint32_t events);
    void receive();
    pki::Status take_answer(pki::Bytes bytes);
    void lost(const std::string& why);
    void fail_jobs(const std::function<bool(const Job&)>& which, const char* why);
    bool hangs(Time now) const;
    void watch();
    void look();

    EventLoop& loop_;
    const std::string config_path_;
    const Patience patience_;
    std::optional<KeyProcess> process_;
    std::uint64_t child_ = 0;  // counts the processes
    Time heard_{};             // when it started or last answered
    bool ready_ = false;       // the child has the current generation
    bool unable_ = false;      // the last attempt to load the current generation failed
    bool retrying_ = false;    // another attempt is due
    std::uint64_t current_ = 0;
    std::size_t current_cas_ = 0;
    pki::ossl::Sha256 facts_{};
    int failures_ = 0;  // in a row

    std::uint64_t last_id_ = 0;
    Jobs jobs_;
    std::map<std::uint64_t, Load> loads_;  // by request id
    CrlStream crls_{[this](const CrlStream::Encode& message, Done done) {
        ask_crl(message, std::move(done));
    }};
    FrameBuffer input_;
    pki::Buffer output_;
    std::size_t gathered_ = 0;  // jobs put into output_ since the last flush
    bool writing_ = false;      // waiting for EPOLLOUT
    bool watching_ = false;
};

}  // namespace signerd
