// A folder with a good signerd.json, its CA and its key, and ways to spoil one thing of it.
#pragma once

#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "signerd/config.h"
#include "signerd/json_reader.h"
#include "t/unit/test_ca.h"

namespace unit {

using LoadResult = pki::Result<std::shared_ptr<const signerd::Config>>;

inline const char* const kGoodConfig = R"({
    "id": "signerd-1",
    "store": "store.db",
    "listen": [
        { "path": "signerd.sock", "mode": "0660", "group": 33,
          "peers": [ { "name": "nginx", "user": "root", "group": "root", "role": "frontend",
                       "profiles": ["device"], "verify_possession": false } ] },
        { "path": "admin.sock", "mode": "0600",
          "peers": [ { "name": "operator", "user": 0, "role": "admin" },
                     { "name": "monitoring", "group": 12345, "role": "reader" } ] }
    ],
    "cas": {
        "issuing": { "tenant": "demo", "certificate": "ca/issuing-chain.pem",
                     "key": "file:ca/issuing.key",
                     "crl_urls": ["http://pki.example.com/issuing.crl"],
                     "ocsp_urls": ["http://pki.example.com/ocsp"],
                     "ca_issuers_urls": ["ldap://pki.example.com/cn=issuing"] }
    },
    "profiles": {
        "device": {
            "ca": "issuing",
            "keys": ["rsa:2048-4096", "ec:P-256"],
            "subject": { "CN": { "required": true, "patterns": ["*.example.com"] }, "O": {} },
            "empty_subject": true,
            "san": { "dns": ["**.example.com"], "ip": ["192.0.2.0/24"] },
            "san_required": true,
            "key_usage": ["digitalSignature", "keyEncipherment"],
            "extended_key_usage": ["clientAuth", "1.3.6.1.5.5.7.3.1"],
            "required_attributes": ["challengePassword", "1.2.3.4"],
            "requested_usages": "ignore",
            "validity": "90d",
            "backdate": "2m",
            "must_staple": true,
            "idempotency_window": "30m",
            "approval": "manual",
            "approval_lifetime": "3d",
            "approval_retry": "90s",
            "approval_limit": 20
        }
    },
    "limits": { "connections": 10, "queue": 20, "drain": "3s" }
})";

// Holds the root and the issuing CA of the good configuration. remove() deletes it: a failed
// assertion jumps past destructors.
class ConfigFolder {
 public:
    ConfigFolder() {
        umask(022);  // no file that others may write to is taken
        std::string name = (std::filesystem::temp_directory_path() / "config-XXXXXX").string();
        path_ = mkdtemp(name.data());
        std::filesystem::create_directory(path_ / "ca");
        root = make_ca({.name = "CN=Test Root, O=Example"});
        issuing = make_ca({.name = "CN=Test Issuing, O=Example"}, &root);
        write("ca/issuing-chain.pem", issuing.pem() + root.pem());
        write("ca/issuing.key", issuing.key_pem());
        chmod(file("ca/issuing.key").c_str(), 0600);
    }
    void remove() const { std::filesystem::remove_all(path_); }

    std::string file(const std::string& name) const { return (path_ / name).string(); }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(path_ / name, std::ios::binary | std::ios::trunc) << content;
    }
    LoadResult load(const std::string& text) const {
        write("signerd.json", text);
        return signerd::load_config(file("signerd.json"));
    }
    // The good configuration with another value (JSON) at this path ("listen[0].peers"), or
    // without the key when `value` is nullptr.
    LoadResult load_with(const std::string& path, const char* value) const;

    TestCa root;
    TestCa issuing;

 private:
    std::filesystem::path path_;
};

inline json_t* json_step(json_t* json, const std::string& step) {
    return json_is_array(json) ? json_array_get(json, std::stoul(step))
                               : json_object_get(json, step.c_str());
}

// `value` is taken over.
inline void json_replace(json_t* parent, const std::string& step, json_t* value) {
    if (!json_is_array(parent)) {
        json_object_set_new(parent, step.c_str(), value);
    } else if (const std::size_t index = std::stoul(step); index < json_array_size(parent)) {
        json_array_set_new(parent, index, value);
    } else {
        json_array_append_new(parent, value);
    }
}

inline std::string json_text(const json_t* json) {
    char* dumped = json_dumps(json, JSON_INDENT(1));
    std::string text = dumped;
    free(dumped);
    return text;
}

inline LoadResult ConfigFolder::load_with(const std::string& path, const char* value) const {
    const signerd::JsonPtr root_value(json_loads(kGoodConfig, 0, nullptr));
    json_t* parent = root_value.get();
    std::size_t start = 0;
    std::size_t end = path.find_first_of(".[");
    std::string step = path.substr(0, end);
    while (end != path.npos) {
        parent = json_step(parent, step);
        start = end + 1;
        end = path.find_first_of(".[", start);
        step = path.substr(start, end == path.npos ? end : end - start);
        if (step.ends_with(']')) step.pop_back();
    }
    if (value)
        json_replace(parent, step, json_loads(value, JSON_DECODE_ANY, nullptr));
    else
        json_object_del(parent, step.c_str());
    return load(json_text(root_value.get()));
}

inline std::string read_all(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace unit
