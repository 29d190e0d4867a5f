#include "clients/enroll/report.h"

#include <unistd.h>

#include <cstdio>

#include "clients/common/certificates.h"
#include "clients/common/output.h"
#include "libpki/x509/cert.h"

namespace enroll {

namespace {

const char* name(Exit exit) {
    switch (exit) {
        case Exit::done: return "done";
        case Exit::refused: return "refused";
        case Exit::usage: return "usage";
        case Exit::network: return "network";
        case Exit::pending: return "pending";
        case Exit::bad_answer: return "bad_answer";
    }
    return "unknown";
}

// Texts may hold bytes of the peer that are not UTF-8, which JSON cannot.
json_t* json_text(const std::string& text) {
    json_t* value = json_stringn(text.data(), text.size());
    return value ? value : json_string(terminal_safe(text).c_str());
}

}  // namespace

Report::Report(bool json)
    : json_(json), terminal_(isatty(STDERR_FILENO) == 1), object_(json_object()) {}

void Report::progress(const std::string& text) {
    if (terminal_) std::fprintf(stderr, "enroll: %s\n", terminal_safe(text).c_str());
}

void Report::set(const char* name, const std::string& value) {
    json_object_set_new(object_.get(), name, json_text(value));
}

void Report::set(const char* name, std::int64_t value) {
    json_object_set_new(object_.get(), name, json_integer(value));
}

void Report::add(const char* list, const std::string& value) {
    add(list, JsonPtr(json_text(value)));
}

void Report::add(const char* list, JsonPtr value) {
    json_t* array = json_object_get(object_.get(), list);
    if (array == nullptr) {
        array = json_array();
        json_object_set_new(object_.get(), list, array);
    }
    json_array_append(array, value.get());
}

void Report::line(const std::string& text) {
    if (!json_) print(terminal_safe(text) + "\n");
}

void Report::raw(const std::string& text) {
    if (!json_) print(text);
}

void Report::checked(const std::string& text) {
    progress("checked: " + text);
    add("checked", text);
}

void Report::wrote(const std::string& path) {
    progress("wrote " + path);
    add("files", path);
}

void Report::certificate(const char* list, pki::Bytes der) {
    const CertificateFacts facts = facts_of(der);
    JsonPtr value(json_object());
    const auto member = [&](const char* name, const std::string& text) {
        json_object_set_new(value.get(), name, json_text(text));
    };
    member("subject", facts.subject);
    member("serial", facts.serial);
    member("not_before", facts.not_before);
    member("not_after", facts.not_after);
    member("sha256", facts.sha256);
    member("pem", pki::x509::certificate_to_pem(der));
    add(list, std::move(value));
    progress(facts.subject + ", serial " + facts.serial + ", until " + facts.not_after +
             ", SHA-256 " + facts.sha256);
}

Exit Report::exit_of(const pki::Status& status) const {
    if (status) return Exit::done;
    if (meaning_ != Exit::done) return meaning_;
    return status.error().code == pki::Errc::unavailable ? Exit::network : Exit::refused;
}

Exit Report::finish(const pki::Status& status) {
    const Exit exit = exit_of(status);
    if (!status)
        std::fprintf(stderr, "enroll: %s\n", terminal_safe(status.error().message()).c_str());
    if (json_) {
        set("status", std::string(name(exit)));
        set("exit", static_cast<std::int64_t>(exit));
        if (!status) set("error", status.error().message());
        print(json_indented(object_.get()) + "\n");
    }
    const pki::Status written = finish_output();
    if (written || exit != Exit::done) return exit;
    std::fprintf(stderr, "enroll: %s\n", written.error().message().c_str());
    return Exit::refused;
}

}  // namespace enroll
