// A thin layer over SQLite's C interface: owning handles, errors as values, parameters and
// columns with types. Every failure carries SQLite's own message as detail.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/ossl/digest.h"

namespace signerd::sqlite {

struct Finalize {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

// For one thread at a time.
using Connection = std::unique_ptr<sqlite3, Finalize>;

// unavailable where trying again may help (full, locked, I/O, no permission), else internal.
// Of a damaged file the text is kStoreDamaged.
pki::Error failure(sqlite3* database, const char* text);

// SQL without parameters or results; several statements may follow each other.
pki::Status execute(sqlite3* database, const char* sql);

// The first column of the first row.
pki::Result<std::int64_t> query_integer(sqlite3* database, const char* sql);
pki::Result<std::string> query_text(sqlite3* database, const char* sql);

// One execution of a prepared statement: bind, then row() until it is false, or done(). What
// is bound must outlive the run; it resets the statement when it ends, so that no read lock
// stays behind.
class Run {
   public:
    explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run();

    // Parameters are numbered in the order of the calls, from 1.
    Run& integer(std::int64_t value);
    Run& blob(pki::Bytes value);
    Run& text(std::string_view value);

    // Is there a (further) row?
    pki::Result<bool> row();
    // For statements without rows.
    pki::Status done();

    // Columns of the current row, from 0.
    std::int64_t integer_at(int column) const;
    pki::Buffer blob_at(int column) const;
    // Zeros where the column has fewer octets.
    pki::ossl::Sha256 sha256_at(int column) const;
    std::string text_at(int column) const;
    bool is_null_at(int column) const;

   private:
    void bound(int result);
    pki::Bytes bytes_at(int column) const;

    sqlite3_stmt* statement_;
    int parameter_ = 0;
    int failed_ = SQLITE_OK;  // the first error of binding
};

class Statement {
   public:
    static pki::Result<Statement> prepare(sqlite3* database, const char* sql);

    Run run() const { return Run(statement_.get()); }

   private:
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace signerd::sqlite
