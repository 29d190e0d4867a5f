// Result<T>: a value or an Error. The member names are those of std::expected,
// which the oldest supported compiler (g++ 12) lacks.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "libpki/base/error.h"

namespace pki {

template <class T>
class [[nodiscard]] Result {
   public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    // Undefined when there is no value, as for std::expected.
    T& operator*() & { return *std::get_if<0>(&state_); }
    const T& operator*() const& { return *std::get_if<0>(&state_); }
    T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() { return std::get_if<0>(&state_); }
    const T* operator->() const { return std::get_if<0>(&state_); }

    // Undefined when there is a value.
    Error& error() & { return *std::get_if<1>(&state_); }
    const Error& error() const& { return *std::get_if<1>(&state_); }
    Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

   private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
   public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    Error& error() & { return *error_; }
    const Error& error() const& { return *error_; }
    Error&& error() && { return std::move(*error_); }

   private:
    std::optional<Error> error_;
};

using Status = Result<void>;

inline Error fail(Errc code, const char* text, std::size_t offset = 0) {
    return Error{code, text, offset, {}};
}

inline Error fail(Errc code, const char* text, std::string detail) {
    return Error{code, text, 0, std::move(detail)};
}

inline Error fail(Errc code, Reason reason, const char* text, std::string detail = {}) {
    return Error{code, text, 0, std::move(detail), reason};
}

#define PKI_CONCAT_(a, b) a##b
#define PKI_CONCAT(a, b) PKI_CONCAT_(a, b)

// PKI_TRY(auto x, parse(in));  declares x, or returns the Error to the caller.
#define PKI_TRY(declaration, ...) \
    PKI_TRY_(PKI_CONCAT(pki_try_, __LINE__), declaration, __VA_ARGS__)
#define PKI_TRY_(result, declaration, ...)         \
    auto result = (__VA_ARGS__);                   \
    if (!result) return std::move(result).error(); \
    declaration = *std::move(result)

// PKI_CHECK(finish(in));  for a Status: returns the Error to the caller.
#define PKI_CHECK(...)                                    \
    do {                                                  \
        if (auto pki_status = (__VA_ARGS__); !pki_status) \
            return std::move(pki_status).error();         \
    } while (0)

}  // namespace pki
