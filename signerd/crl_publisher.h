// CRLs: made on a schedule, and at once when a certificate was revoked or released.
//
// One round makes the lists of one CA that are due, with one number. It goes through these
// steps:
//     1 a view of the store   2 for each list: its entries are gathered (in the background),
//     it is signed by the key child, verified and written (in the background)
//     3 one durable transaction: audit record, and which lists are the newest   4 they are
//     handed out
// What is revoked meanwhile brings the next round. A round that fails is made again with the
// next number: numbers have gaps then, and no list with the lost number was handed out.
#pragma once

#include <chrono>
#include <map>

#include "signerd/background.h"
#include "signerd/clock.h"
#include "signerd/crl_schedule.h"
#include "signerd/generation.h"
#include "signerd/keys/signer.h"
#include "signerd/outage.h"
#include "signerd/writer.h"

namespace signerd {

class CrlPublisher {
   public:
    using InBackground = std::function<void(Background::Work work, Background::Done done)>;
    using After = std::function<void(std::chrono::milliseconds delay, std::function<void()>)>;
    using Published = std::function<void()>;
    // When the lists that were asked for are there, or why they are not.
    using Done = std::function<void(const pki::Status& status)>;

    CrlPublisher(const Clock& clock, Store& store, CrlSigner& signer, Committer& committer,
                 InBackground in_background, After after, CrlFiles files, Published published)
        : clock_(clock),
          store_(store),
          signer_(signer),
          committer_(committer),
          in_background_(std::move(in_background)),
          after_(std::move(after)),
          files_(std::move(files)),
          published_(std::move(published)) {}

    // Before anything else: what the store says is there.
    pki::Status load();
    // From now on with this configuration. Lists that it changes are made anew.
    void use(std::shared_ptr<const Generation> generation);
    // A certificate was revoked or released.
    void changed();
    // New lists of one CA now, whatever is there. not_found, denied where it makes none.
    void publish(const std::string& ca, Done done);
    // No further round; who waits for one is told.
    void drain();

    // The newest list; nullptr when there is none. With a number: that one, if it is still
    // kept.
    const CrlRecord* find(const std::string& ca, CrlKind kind, std::uint64_t number = 0) const;
    // All newest ones, of all CAs.
    std::vector<CrlRecord> newest() const;
    const CrlFiles& files() const { return files_; }
    // Another number after each publication.
    std::uint64_t version() const { return version_; }

   private:
    struct Round {
        std::shared_ptr<const Generation> generation;
        std::string ca;
        std::vector<CrlDraft> drafts;
        std::size_t next = 0;
        std::shared_ptr<CrlSource> source;
        std::int64_t started = 0;
        pki::Status status;  // of the last step
        Decided decided;
        std::vector<Done> waiting;
    };
    using RoundPtr = std::shared_ptr<Round>;

    void tick();
    void look();
    bool begin(const Ca& ca, CrlLine& line);
    void open_view(const RoundPtr& round);
    void next_list(const RoundPtr& round);
    void sign_list(const RoundPtr& round);
    void write_list(const RoundPtr& round, const pki::Buffer& signature);
    void commit(const RoundPtr& round);
    void finish(const RoundPtr& round);
    void fail(const RoundPtr& round, const pki::Error& error);
    void end_round(const RoundPtr& round, const pki::Status& status);
    void note_changes();
    Outage& outage_of(const std::string& ca);

    const Clock& clock_;
    Store& store_;
    CrlSigner& signer_;
    Committer& committer_;
    const InBackground in_background_;
    const After after_;
    const CrlFiles files_;
    const Published published_;

    std::shared_ptr<const Generation> generation_;
    std::map<std::string, CrlLine> lines_;
    RoundPtr round_;          // under way
    std::string last_;        // the CA of the last one
    std::uint64_t seen_ = 0;  // the last change that was looked at
    std::uint64_t version_ = 0;
    bool ticking_ = false;
    bool draining_ = false;
    std::map<std::string, Outage> outages_;  // by CA
    Outage reading_{"store"};
};

}  // namespace signerd
