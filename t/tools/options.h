// The options of scep_forge and cmp_forge: NAME=VALUE words, files and hexadecimal among them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/ossl/handles.h"
#include "libpki/ossl/hash.h"

namespace forge {

// Tells what is wrong with the test, and ends.
[[noreturn]] void die(const std::string& what);

pki::Buffer read_file(const std::string& name);

class Options {
   public:
    Options(int argc, char** argv);

    bool has(const std::string& name) const { return words_.count(name) != 0; }
    std::string text(const std::string& name, const std::string& otherwise = {}) const;
    std::size_t number(const std::string& name, std::size_t otherwise) const;
    std::int64_t integer(const std::string& name, std::int64_t otherwise) const;
    // What stands between commas.
    std::vector<std::string> list(const std::string& name) const;
    // Of a list with commas.
    bool lists(const std::string& name, const std::string& word) const;
    pki::Buffer hex(const std::string& name) const;
    pki::Buffer file(const std::string& name) const { return read_file(text(name)); }
    // The first certificate of a PEM file, DER.
    pki::Buffer certificate(const std::string& name) const;
    std::vector<pki::Buffer> certificates(const std::string& name) const;
    static std::vector<pki::Buffer> certificates_in(const std::string& file);
    pki::ossl::PkeyPtr key(const std::string& name) const;
    pki::ossl::Hash hash(const std::string& name) const;

   private:
    std::map<std::string, std::string> words_;
};

}  // namespace forge
