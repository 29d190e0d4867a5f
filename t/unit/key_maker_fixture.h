// A maker of keys that waits to be told. Include unit.h last.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libpki/ossl/key.h"
#include "signerd/key_maker.h"

namespace unit {

// Makes keys when run() is called.
class FakeMaker : public signerd::KeyMaker {
   public:
    void make(const std::string& spec, Done done) override {
        specs.push_back(spec);
        waiting_.push_back(std::move(done));
    }
    void run() {
        for (auto& done : std::exchange(waiting_, {})) {
            if (failure) {
                done(*failure);
                continue;
            }
            const auto key = *pki::ossl::generate_key(specs.back());
            last = *pki::ossl::public_key_der(key.get());
            done(signerd::MadeKey{*pki::ossl::write_private_key_der(key.get()), last});
        }
    }

    std::vector<std::string> specs;
    pki::Buffer last;  // public key
    std::optional<pki::Error> failure;

   private:
    std::vector<Done> waiting_;
};

}  // namespace unit
