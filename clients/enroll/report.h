// What a command tells: lines for people or one JSON object for scripts, and the exit status.
#pragma once

#include <string>

#include "clients/common/json.h"
#include "clients/enroll/common.h"

namespace enroll {

enum class Exit : int {
    done = 0,
    refused = 1,  // by the server, or by what is in a file here
    usage = 2,
    network = 3,  // not reached, not trusted, or the server cannot serve now
    pending = 4,  // somebody has to approve the request
    bad_answer = 5,
};

class Report {
   public:
    explicit Report(bool json);

    // What goes on, for who watches: a line on standard error when that is a terminal.
    void progress(const std::string& text);

    // Members of the JSON object, and nothing for people.
    void set(const char* name, const std::string& value);
    void set(const char* name, std::int64_t value);
    void add(const char* list, const std::string& value);
    void add(const char* list, JsonPtr value);

    // A line for people, made safe for a terminal.
    void line(const std::string& text);
    // As it is, such as PEM: the only thing on standard output when nothing else is asked for.
    void raw(const std::string& text);
    // What was checked of an answer: a line, and an element of "checked".
    void checked(const std::string& text);
    void wrote(const std::string& path);
    // Subject, serial, validity and SHA-256 of a certificate, and its PEM.
    void certificate(const char* list, pki::Bytes der);

    // The exit status that an error on the way out has; without, it is that of its code.
    void errors_mean(Exit exit) { meaning_ = exit; }

    // The end: prints the object or the error. What becomes of the process.
    Exit finish(const pki::Status& status);

   private:
    Exit exit_of(const pki::Status& status) const;

    bool json_;
    bool terminal_;
    JsonPtr object_;
    Exit meaning_ = Exit::done;  // done: by the code
};

// For what the server sent: the Error of a faulty one means bad_answer.
template <class T>
pki::Result<T> from_server(Report& report, pki::Result<T> result) {
    if (!result) report.errors_mean(Exit::bad_answer);
    return result;
}

}  // namespace enroll
