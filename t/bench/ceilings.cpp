// What this machine can do at best: microseconds of one core for the parts of an enrolment that
// nothing avoids. One JSON object on standard output.
//
//     ceilings FOLDER    a database is made in it and removed again
//
// Nothing of signerd is measured here: OpenSSL as it is, and SQLite with signerd's tables.

#include <openssl/evp.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libpki/ossl/digest.h"
#include "libpki/ossl/key.h"
#include "libpki/ossl/rsa_encryption.h"

namespace bench {

namespace {

constexpr std::array kSchema{
#include "signerd/store/schema/0001.sql"
};

constexpr double kSeconds = 1;  // for each operation
constexpr std::size_t kBatches[] = {1, 2, 4, 8, 16, 32, 64};

// Sizes as they are with a P-256 key, one SAN-less subject and three URLs.
constexpr std::size_t kCertificate = 560;
constexpr std::size_t kCanonical = 260;

[[noreturn]] void die(const std::string& what) {
    std::fprintf(stderr, "ceilings: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(pki::Result<T> result) {
    if (!result) die(result.error().message());
    return *std::move(result);
}

double seconds_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Cost {
    double wall = 0;  // microseconds each
    double cpu = 0;
};

Cost measure(const std::function<void()>& operation, std::size_t each = 1) {
    for (int i = 0; i < 10; i++) operation();
    const double wall = seconds_of(CLOCK_MONOTONIC);
    const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    std::size_t count = 0;
    while (seconds_of(CLOCK_MONOTONIC) < wall + kSeconds) {
        operation();
        count += each;
    }
    const double scale = 1e6 / static_cast<double>(count);
    return {(seconds_of(CLOCK_MONOTONIC) - wall) * scale,
            (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu) * scale};
}

void print_cost(const char* name, const Cost& cost) {
    std::printf("\"%s\": {\"us\": %.1f, \"cpu_us\": %.1f}", name, cost.wall, cost.cpu);
}

void measure_key(const char* spec, const char* name) {
    const auto key = must(pki::ossl::generate_key(spec));
    const auto scheme = must(pki::ossl::default_scheme(key.get()));
    const pki::Buffer message(500, 0x5a);
    const auto signature = must(pki::ossl::sign(key.get(), scheme, message));
    print_cost((std::string("sign_") + name).c_str(),
               measure([&] { must(pki::ossl::sign(key.get(), scheme, message)); }));
    std::printf(", ");
    print_cost((std::string("verify_") + name).c_str(), measure([&] {
                   if (!pki::ossl::verify(key.get(), scheme, message, signature)) die("verify");
               }));
    std::printf(", ");
}

// Of the key of an envelope, to one who is known and by the owner of the private key.
void measure_key_transport() {
    const auto key = must(pki::ossl::generate_key("rsa:2048"));
    const pki::Buffer plain(16, 0x5a);
    const auto encrypted = must(pki::ossl::rsa_encrypt(key.get(), {}, plain));
    print_cost("encrypt_rsa2048",
               measure([&] { must(pki::ossl::rsa_encrypt(key.get(), {}, plain)); }));
    std::printf(", ");
    print_cost("decrypt_rsa2048", measure([&] {
                   must(pki::ossl::rsa_decrypt_key(key.get(), {}, encrypted, plain.size()));
               }));
    std::printf(", ");
}

// What a MAC of CMP derives its key with (RFC 9810 5.1.3.1), by OpenSSL alone: SHA-256 so
// often.
void measure_iterated_hash(int iterations) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> hash(
        EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free);
    std::array<std::uint8_t, 32> key{};
    const auto once = [&] {
        if (EVP_DigestInit_ex2(context.get(), hash.get(), nullptr) != 1 ||
            EVP_DigestUpdate(context.get(), key.data(), key.size()) != 1 ||
            EVP_DigestFinal_ex(context.get(), key.data(), nullptr) != 1)
            die("SHA-256");
    };
    print_cost(("sha256_" + std::to_string(iterations)).c_str(), measure([&] {
                   for (int i = 0; i < iterations; i++) once();
               }));
    std::printf(", ");
}

// The rows of one enrolment, bare: no checks, no hashes, values that are there already.
class Inserts {
   public:
    explicit Inserts(const std::string& file) {
        if (sqlite3_open(file.c_str(), &database_) != SQLITE_OK) die("cannot open " + file);
        execute("PRAGMA journal_mode = WAL");
        execute("PRAGMA synchronous = FULL");
        execute("PRAGMA cache_size = -16384");  // as signerd has it
        for (const char* step : kSchema) execute(step);
        certificate_ = prepare(
            "INSERT INTO certificate (ca, serial, tenant, profile, subject, sans, not_before, "
            "not_after, issued, protocol, csr_sha256, der) "
            "VALUES ('issuing', ?, 'test', 'device', 'CN=bench-12345-12345', '', 1, 2, 3, 1, "
            "?, "
            "?)");
        answer_ = prepare("INSERT INTO answer (key, certificate, created) VALUES (?, ?, 3)");
        audit_ = prepare("INSERT INTO audit (canonical, hash) VALUES (?, ?)");
    }
    ~Inserts() {
        for (sqlite3_stmt* statement : {certificate_, answer_, audit_})
            sqlite3_finalize(statement);
        sqlite3_close(database_);
    }
    Inserts(const Inserts&) = delete;

    void batch(std::size_t rows) {
        execute("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < rows; i++) row();
        execute("COMMIT");
    }

   private:
    void execute(const char* sql) {
        if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
            die(sqlite3_errmsg(database_));
    }
    sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                               nullptr) != SQLITE_OK)
            die(sqlite3_errmsg(database_));
        return statement;
    }
    void bind(sqlite3_stmt* statement, int column, std::size_t size) {
        sqlite3_bind_blob(statement, column, values_.data(), static_cast<int>(size),
                          SQLITE_STATIC);
    }
    void run(sqlite3_stmt* statement) {
        if (sqlite3_step(statement) != SQLITE_DONE) die(sqlite3_errmsg(database_));
        sqlite3_reset(statement);
    }
    void row() {
        if (!pki::ossl::random_bytes({values_.data(), 32})) die("no random bytes");
        bind(certificate_, 1, 20);
        bind(certificate_, 2, 32);
        bind(certificate_, 3, kCertificate);
        run(certificate_);
        bind(answer_, 1, 32);
        sqlite3_bind_int64(answer_, 2, sqlite3_last_insert_rowid(database_));
        run(answer_);
        bind(audit_, 1, kCanonical);
        bind(audit_, 2, 32);
        run(audit_);
    }

    sqlite3* database_ = nullptr;
    sqlite3_stmt* certificate_ = nullptr;
    sqlite3_stmt* answer_ = nullptr;
    sqlite3_stmt* audit_ = nullptr;
    std::array<std::uint8_t, kCertificate> values_{};
};

void remove_database(const std::string& file) {
    for (const char* suffix : {"", "-wal", "-shm"}) unlink((file + suffix).c_str());
}

void measure_store(const std::string& folder) {
    const std::string file = folder + "/ceilings.db";
    remove_database(file);
    std::printf("\"store\": {");
    {
        Inserts inserts(file);
        for (const std::size_t rows : kBatches) {
            if (rows != kBatches[0]) std::printf(", ");
            print_cost(std::to_string(rows).c_str(),
                       measure([&] { inserts.batch(rows); }, rows));
        }
    }
    std::printf("}");
    remove_database(file);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
    if (argc != 2) bench::die("usage: ceilings FOLDER");
    std::printf("{");
    bench::measure_key("ec:P-256", "p256");
    bench::measure_key("rsa:2048", "rsa2048");
    bench::measure_key_transport();
    bench::measure_iterated_hash(500);
    bench::measure_store(argv[1]);
    std::printf("}\n");
    return 0;
}
