#include "t/tools/options.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "libpki/base/base64.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"

namespace forge {

void die(const std::string& what) {
    std::fprintf(stderr, "forge: %s\n", what.c_str());
    std::exit(1);
}

pki::Buffer read_file(const std::string& name) {
    std::ifstream in(name, std::ios::binary);
    if (!in) die("cannot read " + name);
    return {std::istreambuf_iterator<char>(in), {}};
}

Options::Options(int argc, char** argv) {
    for (int i = 2; i < argc; i++) {
        const std::string word = argv[i];
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) die("no NAME=VALUE: " + word);
        words_[word.substr(0, equals)] = word.substr(equals + 1);
    }
}

std::string Options::text(const std::string& name, const std::string& otherwise) const {
    const auto found = words_.find(name);
    return found == words_.end() ? otherwise : found->second;
}

std::size_t Options::number(const std::string& name, std::size_t otherwise) const {
    return has(name) ? std::strtoul(text(name).c_str(), nullptr, 0) : otherwise;
}

std::int64_t Options::integer(const std::string& name, std::int64_t otherwise) const {
    return has(name) ? std::strtoll(text(name).c_str(), nullptr, 0) : otherwise;
}

std::vector<std::string> Options::list(const std::string& name) const {
    std::vector<std::string> words;
    std::istringstream all(text(name));
    for (std::string word; std::getline(all, word, ',');) words.push_back(word);
    return words;
}

bool Options::lists(const std::string& name, const std::string& word) const {
    return ("," + text(name) + ",").find("," + word + ",") != std::string::npos;
}

pki::Buffer Options::hex(const std::string& name) const {
    auto octets = pki::hex_decode(text(name));
    if (!octets) die(name + " is not hexadecimal");
    return *std::move(octets);
}

std::vector<pki::Buffer> Options::certificates_in(const std::string& file) {
    auto all = pki::x509::certificates_from_pem(pki::as_text(read_file(file)));
    if (!all) die(file + " has no certificate");
    return *std::move(all);
}

std::vector<pki::Buffer> Options::certificates(const std::string& name) const {
    return certificates_in(text(name));
}

pki::Buffer Options::certificate(const std::string& name) const {
    return certificates(name).front();
}

pki::ossl::PkeyPtr Options::key(const std::string& name) const {
    auto key = pki::ossl::read_private_key(file(name));
    if (!key) die(name + " is no key");
    return *std::move(key);
}

pki::ossl::Hash Options::hash(const std::string& name) const {
    using pki::ossl::Hash;
    const std::map<std::string, Hash> names{{"sha1", Hash::sha1},
                                            {"sha256", Hash::sha256},
                                            {"sha384", Hash::sha384},
                                            {"sha512", Hash::sha512},
                                            {"md5", Hash::md5}};
    const auto found = names.find(text(name, "sha256"));
    if (found == names.end()) die("no hash: " + text(name));
    return found->second;
}

}  // namespace forge
