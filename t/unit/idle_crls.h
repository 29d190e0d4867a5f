// CRLs for tests that are about something else: none is ever made.
#pragma once

#include "signerd/watch.h"

namespace unit {

class IdleCrls {
   public:
    IdleCrls(const signerd::Clock& clock, signerd::Store& store, signerd::Committer& committer,
             signerd::Replies& replies)
        : publisher(
              clock, store, signer_, committer, [](auto, auto) {}, [](auto, auto) {},
              signerd::CrlFiles("/nonexistent/store"), [] {}),
          watchers(store, publisher, replies, [](auto, auto) {}) {}

   private:
    class Signer : public signerd::CrlSigner {
       public:
        void sign_crl(std::uint64_t, const std::string&, std::uint64_t, Read, Done) override {}
    };

    Signer signer_;

   public:
    signerd::CrlPublisher publisher;
    signerd::Watchers watchers;
};

}  // namespace unit
