#include "ngx_common/conf_file.h"

#include <sys/stat.h>

namespace ngx_enroll {

namespace {

constexpr std::size_t kMaxFile = 256 * 1024;

class File {
   public:
    explicit File(const ngx_str_t& name)
        : fd_(ngx_open_file(name.data, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK, NGX_FILE_OPEN, 0)) {
    }
    ~File() {
        if (fd_ != NGX_INVALID_FILE) ngx_close_file(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    ngx_fd_t fd() const { return fd_; }

   private:
    ngx_fd_t fd_;
};

const char* problem_of(const struct stat& info, Holds holds) {
    if (!S_ISREG(info.st_mode)) return "it is no regular file";
    if (static_cast<std::size_t>(info.st_size) > kMaxFile) return "it is too large";
    // What another can read is no secret, what another can write is not ours.
    const mode_t others = holds == Holds::secrets ? S_IRWXO | S_IWGRP : S_IWOTH;
    if ((info.st_mode & others) != 0)
        return holds == Holds::secrets ? "others may read or write it (chmod 600)"
                                       : "others may write it";
    return nullptr;
}

}  // namespace

std::optional<pki::Secret> read_conf_file(ngx_conf_t* cf, ngx_str_t& name, Holds holds) {
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) return std::nullopt;
    const File file(name);
    struct stat info {};
    if (file.fd() == NGX_INVALID_FILE || fstat(file.fd(), &info) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "cannot open \"%V\"", &name);
        return std::nullopt;
    }
    if (const char* why = problem_of(info, holds); why != nullptr) {
        complain(cf, name, why);
        return std::nullopt;
    }
    pki::Secret text(static_cast<std::size_t>(info.st_size));
    const ssize_t got = ngx_read_fd(file.fd(), text.data().data(), text.size());
    if (got != static_cast<ssize_t>(text.size())) {
        complain(cf, name, "it cannot be read");
        return std::nullopt;
    }
    return text;
}

void complain(ngx_conf_t* cf, const ngx_str_t& file, const char* why) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" cannot be used: %s", &file, why);
}

}  // namespace ngx_enroll
