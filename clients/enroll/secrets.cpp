#include "clients/enroll/secrets.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "clients/common/fd.h"
#include "clients/common/files.h"

namespace enroll {

using pki::Errc;
using pki::fail;

namespace {

constexpr std::size_t kMostSecret = 4096;

// Typed characters are not shown while it lives.
class NoEcho {
   public:
    explicit NoEcho(int terminal) : terminal_(terminal) {
        changed_ = tcgetattr(terminal_, &before_) == 0;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = changed_ && tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    ~NoEcho() {
        if (changed_) tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    bool works() const { return changed_; }

   private:
    int terminal_;
    termios before_{};
    bool changed_ = false;
};

void show(int terminal, const std::string& text) {
    if (write(terminal, text.data(), text.size()) < 0) return;  // it is only a prompt
}

pki::Result<pki::Secret> ask(const std::string& prompt) {
    const Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) return fail(Errc::unauthenticated, "no file, variable or terminal", prompt);
    const NoEcho quiet(terminal.get());
    if (!quiet.works()) return fail(Errc::unauthenticated, "the terminal would show", prompt);
    show(terminal.get(), prompt + ": ");
    pki::Secret typed(kMostSecret);
    const ssize_t count = read(terminal.get(), typed.data().data(), typed.size());
    show(terminal.get(), "\n");
    if (count < 0) return system_error("cannot read", "/dev/tty");
    return first_line(typed.view().first(static_cast<std::size_t>(count)));
}

pki::Result<pki::Secret> find(const std::string& path, const char* variable,
                              const std::string& prompt) {
    if (!path.empty()) {
        PKI_TRY(const pki::Secret content, read_secret(path, kMostSecret));
        return first_line(content.view());
    }
    if (const char* value = std::getenv(variable)) return pki::Secret(pki::as_bytes(value));
    return ask(prompt);
}

}  // namespace

pki::Secret first_line(pki::Bytes text) {
    const std::string_view all = pki::as_text(text);
    return pki::Secret(text.first(std::min(all.find_first_of("\r\n"), all.size())));
}

pki::Result<pki::Secret> obtain_secret(const std::string& path, const char* variable,
                                       const std::string& prompt) {
    PKI_TRY(pki::Secret secret, find(path, variable, prompt));
    if (secret.size() == 0) return fail(Errc::unauthenticated, "empty", prompt);
    return secret;
}

}  // namespace enroll
