// est_client: a certificate for a small device, by EST (RFC 7030) or with a bootstrap token.
//
// C11, POSIX and the openssl command (3.0 or later), nothing else. openssl is run with an array
// of arguments, never by a shell; passwords, tokens and keys go through pipes and private files,
// never through arguments or the environment of a process.
//
//   est_client enroll --server HOST[:PORT] --ca FILE --identity FILE --cn NAME [OPTION ...]
//   est_client renew  --server HOST[:PORT] --ca FILE --identity FILE [--before TIME] [OPTION ...]
//
// Exit codes:
//   0  there is a new certificate, or it is not time for one yet
//   1  something failed on this device: openssl, memory, a full disk
//   2  the command line is wrong
//   3  the server could not be reached, or its answer did not come to its end
//   4  the server is not the one that --ca and --server name
//   5  the server does not accept the password, the token or the certificate
//   6  the server refuses the request
//   7  not now: the server is busy or a person has to approve; the same command again, later
//   8  the answer is not what was asked for: it is not kept
//   9  a file is missing, is there already, or others could read what is secret
//
// Files: the identity is one PEM file of mode 0600 with the certificate, those of the CAs below
// the root, and the key. It is replaced by one rename, so that there is never a key without its
// certificate. Until the certificate is there the new key is in IDENTITY.key and its request in
// IDENTITY.csr. They outlive a failure: the next run sends the very same request, which the
// server answers as the first one, so that a lost answer does not cost a token.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DONE, FAILED, USAGE, UNREACHED, UNTRUSTED, UNAUTHORIZED, REFUSED, LATER, BAD_ANSWER, FILES };
enum { MOST_BYTES = 512 * 1024, MOST_PATH = 2048 };

static struct {  // the command line
    const char *server, *ca, *identity, *cn, *dns, *user, *path, *api, *key_type, *openssl;
    const char *password_file, *token_file, *before, *seconds;
    bool renew, device_api, reuse_key, force, percent;
    long timeout, left;
    char host[256], port[6];
} opt = {.key_type = "ec:P-256", .openssl = "openssl", .api = "est", .before = "33%",
         .seconds = "60"};

static volatile sig_atomic_t stopped;  // by this signal
static pid_t child = -1;
static char chain_file[MOST_PATH + 8], new_file[MOST_PATH + 8];  // removed in any case

// All memory there is, wiped at the end: there is no telling where a secret has been.
static struct block {
    struct block *next;
    size_t size;
    char data[];
} *blocks;

static void clean_up(void) {
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    unlink(chain_file);
    unlink(new_file);
    while (blocks != NULL) {
        struct block *const block = blocks;
        blocks = block->next;
        explicit_bzero(block->data, block->size);
        free(block);
    }
}

static _Noreturn void die(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("est_client: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(code);
}

static void on_signal(int number) { stopped = number; }

// Grows, up to a bound.
struct text {
    char *data;  // with a NUL behind it
    size_t size;
    size_t room;
};

static void append_bytes(struct text *to, const char *from, size_t size) {
    if (size > MOST_BYTES || to->size + size > MOST_BYTES) die(FAILED, "too much data");
    if (to->size + size + 1 > to->room) {
        to->room = 2 * (to->size + size) + 64;
        struct block *const block = malloc(sizeof(struct block) + to->room);
        if (block == NULL) die(FAILED, "out of memory");
        *block = (struct block){blocks, to->room};
        blocks = block;
        if (to->size != 0) memcpy(block->data, to->data, to->size);
        to->data = block->data;
    }
    if (size != 0) memcpy(to->data + to->size, from, size);
    to->size += size;
    to->data[to->size] = '\0';
}

static void append_list(struct text *to, const char *const from[]) {
    for (; *from != NULL; from++) append_bytes(to, *from, strlen(*from));
}
#define APPEND(to, ...) append_list(to, (const char *const[]){__VA_ARGS__, NULL})

static const char *string(const struct text *text) { return text->data ? text->data : ""; }

static bool starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

// Only letters, digits and these; 1 to `most` characters.
static bool consists_of(const char *text, const char *others, size_t most) {
    const size_t size = strlen(text);
    for (const char *c = text; *c != '\0'; c++)
        if (!(isascii((unsigned char)*c) && isalnum((unsigned char)*c)) && !strchr(others, *c))
            return false;
    return size >= 1 && size <= most;
}

// Decimal digits only; -1: something else.
static long number(const char *text, long most) {
    const size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    if (digits == 0 || digits > 9 || text[digits] != '\0') return -1;
    return strtol(text, NULL, 10) <= most ? strtol(text, NULL, 10) : -1;
}

static const char *beside(const char *suffix, char *buffer) {
    snprintf(buffer, MOST_PATH + 8, "%s%s", opt.identity, suffix);
    return buffer;
}

// False: it is not there. What is secret must be a regular file that nobody else may touch.
static bool read_file(const char *path, bool secret, struct text *to) {
    char buffer[4096];
    ssize_t size;
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (secret ? O_NOFOLLOW : 0));
    if (fd < 0 && errno == ENOENT) return false;
    if (fd < 0 || fstat(fd, &status) != 0) die(FILES, "%s: %s", path, strerror(errno));
    if (secret && (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 ||
                   (status.st_uid != geteuid() && status.st_uid != 0)))
        die(FILES, "%s: others may read or change it; chmod 600 and chown it", path);
    while ((size = read(fd, buffer, sizeof(buffer))) > 0) append_bytes(to, buffer, (size_t)size);
    explicit_bzero(buffer, sizeof(buffer));
    if (size < 0) die(FILES, "%s: %s", path, strerror(errno));
    close(fd);
    return true;
}

static void sync_folder(void) {
    char path[MOST_PATH + 8];
    const char *const folder = dirname(strcpy(path, opt.identity));
    const int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) die(FAILED, "%s: %s", folder, strerror(errno));
    close(fd);
}

// Of mode 0600 from the start, and on the disk when this returns.
static void write_file(const char *path, const struct text *text) {
    if (unlink(path) != 0 && errno != ENOENT) die(FAILED, "%s: %s", path, strerror(errno));
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) die(FILES, "%s: %s", path, strerror(errno));
    for (size_t done = 0; done < text->size;) {
        const ssize_t size = write(fd, text->data + done, text->size - done);
        if (size < 0 && errno != EINTR) die(FAILED, "%s: %s", path, strerror(errno));
        if (size > 0) done += (size_t)size;
    }
    if (fsync(fd) != 0 || close(fd) != 0) die(FAILED, "%s: %s", path, strerror(errno));
}

// Two runs at once would take each other's key away. The lock goes with the process.
static void lock_identity(void) {
    char path[MOST_PATH + 8];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(beside(".lock", path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) die(FILES, "%s: %s", path, strerror(errno));
    if (fcntl(fd, F_SETLK, &lock) != 0) die(LATER, "another est_client is at work on it");
}

// --- the openssl command ---

static _Noreturn void become(char *const words[], int in, int out, int err) {
    signal(SIGPIPE, SIG_DFL);
    // Without them openssl would trust what the system trusts, beside --ca.
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
    setenv("SSL_CERT_FILE", "/nonexistent", 1);
    if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0) execvp(opt.openssl, words);
    _exit(127);
}

// Moves what there is; false: this end is over.
static bool pump(int fd, const struct text *in, size_t *done, struct text *out) {
    char buffer[4096];
    const ssize_t size = in != NULL ? write(fd, string(in) + *done, in->size - *done)
                                    : read(fd, buffer, sizeof(buffer));
    if (size < 0) return errno == EINTR || errno == EAGAIN;
    if (in != NULL) return (*done += (size_t)size) < in->size;
    append_bytes(out, buffer, (size_t)size);
    explicit_bzero(buffer, sizeof(buffer));
    return size > 0;
}

static void converse(const int fds[3], const struct text *in, struct text *out, struct text *err) {
    static const struct text kNothing = {(char *)"", 0, 0};
    struct pollfd ends[3] = {{fds[0], POLLOUT, 0}, {fds[1], POLLIN, 0}, {fds[2], POLLIN, 0}};
    if (in == NULL) in = &kNothing;
    size_t done = 0;
    alarm((unsigned)opt.timeout);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    while (ends[0].fd >= 0 || ends[1].fd >= 0 || ends[2].fd >= 0) {
        if (stopped == SIGALRM) die(UNREACHED, "no answer in %ld seconds", opt.timeout);
        if (stopped) die(FAILED, "stopped by signal %d", (int)stopped);
        if (poll(ends, 3, 1000) <= 0) continue;
        for (int i = 0; i < 3; i++) {
            if (ends[i].fd < 0 || ends[i].revents == 0 ||
                pump(ends[i].fd, i == 0 ? in : NULL, &done, i == 1 ? out : err))
                continue;
            close(ends[i].fd);
            ends[i].fd = -1;
        }
    }
    alarm(0);
}

// Runs openssl; `in` is what it reads. True: its status is 0.
static bool run(const char *const words[], const struct text *in, struct text *out,
                struct text *err) {
    int pipes[3][2], status = -1;
    for (int i = 0; i < 3; i++) {
        if (pipe(pipes[i]) != 0) die(FAILED, "pipe: %s", strerror(errno));
        for (int j = 0; j < 2; j++) fcntl(pipes[i][j], F_SETFD, FD_CLOEXEC);
    }
    child = fork();
    if (child < 0) die(FAILED, "fork: %s", strerror(errno));
    if (child == 0) become((char *const *)words, pipes[0][0], pipes[1][1], pipes[2][1]);
    for (int i = 0; i < 3; i++) close(pipes[i][i != 0]);  // those of openssl
    converse((const int[]){pipes[0][1], pipes[1][0], pipes[2][0]}, in, out, err);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        if (stopped) kill(child, SIGKILL);
    child = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) die(FAILED, "cannot run %s", opt.openssl);
    return status == 0;
}

// What it prints; nothing when it fails. `in` may be NULL.
static struct text openssl(const struct text *in, const char *const words[]) {
    struct text out = {0}, err = {0};
    return run(words, in, &out, &err) ? out : (struct text){0};
}
#define OPENSSL(in, ...) openssl(in, (const char *const[]){"openssl", __VA_ARGS__, NULL})

// The next block with this label, of nothing but base64, which becomes a text of its own; false:
// there is none. `at` goes on behind it.
static bool next_pem(const char **at, const char *label, struct text *block) {
    char begin[64], end[64];
    snprintf(begin, sizeof(begin), "-----BEGIN %s-----\n", label);
    snprintf(end, sizeof(end), "-----END %s-----", label);
    const char *const first = strstr(*at, begin), *last = first ? first + strlen(begin) : "";
    *block = (struct text){0};
    last += strspn(last, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n");
    if (!starts_with(last, end)) return false;
    *at = last + strlen(end);
    append_bytes(block, first, (size_t)(*at - first));
    APPEND(block, "\n");
    return true;
}

static struct text only_pem(const char *from, const char *label, const char *where) {
    struct text block;
    if (!next_pem(&from, label, &block))
        die(where == opt.identity ? FILES : FAILED, "%s: there is no %s", where, label);
    return block;
}

struct names {
    struct text subject, san, old;  // as -subj and -addext want them; the certificate to renew
};

struct request {
    struct text key, csr;
};

// RFC 7030 4.2.2: who renews asks for the same names.
static struct names names_of(const struct text *certificate) {
    struct names names = {.old = *certificate};
    const struct text subject =
        OPENSSL(certificate, "x509", "-noout", "-subject", "-nameopt", "compat");
    const struct text san = OPENSSL(certificate, "x509", "-noout", "-ext", "subjectAltName");
    const char *const start = strchr(string(&subject), '=');
    if (start == NULL) die(FILES, "%s: openssl cannot read the certificate", opt.identity);
    append_bytes(&names.subject, start + 1, strcspn(start + 1, "\n"));
    // "DNS:a, IP Address:10.0.0.1" is what openssl prints; it reads "DNS:a, IP:10.0.0.1".
    const char *at = strchr(string(&san), '\n');
    at = at != NULL ? at + 1 + strspn(at + 1, " ") : "";
    for (; *at != '\0' && *at != '\n'; at++) {
        if (starts_with(at, "IP Address:")) {
            APPEND(&names.san, "IP");
            at += strlen("IP Address");
        }
        append_bytes(&names.san, at, 1);
    }
    if (strpbrk(string(&names.subject), "\\") || strpbrk(string(&names.san), "$\\#\"'@;<>"))
        die(FILES, "%s: the names have characters that are not renewed", opt.identity);
    return names;
}

static struct text make_key(void) {
    struct text option = {0};
    const bool ec = starts_with(opt.key_type, "ec:");
    APPEND(&option, ec ? "ec_paramgen_curve" : "rsa_keygen_bits", strchr(opt.key_type, ':'));
    return OPENSSL(NULL, "genpkey", "-algorithm", ec ? "EC" : "RSA", "-pkeyopt", string(&option));
}

static void forget_request(void) {
    char path[MOST_PATH + 8];
    unlink(beside(".csr", path));
    unlink(beside(".key", path));
}

// That of an earlier run which wanted the same in place of the same and did not get it; else a new
// one, on the disk before anything is sent: whoever has the certificate must still have its key.
static struct request prepare_request(const struct names *names, const struct text *old_key) {
    const struct text config = {(char *)"[req]\ndistinguished_name = dn\n[dn]\n", 36, 0};
    struct request request = {{0}, {0}};
    struct text wanted = {0}, kept = {0}, extension = {0};
    char key_path[MOST_PATH + 8], csr_path[MOST_PATH + 8];
    beside(".key", key_path);
    beside(".csr", csr_path);
    APPEND(&wanted, string(&names->subject), "\n", string(&names->san), "\n",
           old_key != NULL ? "the old key" : opt.key_type, "\n", string(&names->old));
    if (read_file(csr_path, true, &kept) && starts_with(string(&kept), string(&wanted)) &&
        read_file(key_path, true, &request.key)) {
        request.csr = only_pem(string(&kept), "CERTIFICATE REQUEST", csr_path);
        return request;
    }
    forget_request();
    struct text made = old_key != NULL ? *old_key : make_key();
    request.key = only_pem(string(&made), "PRIVATE KEY", "openssl genpkey");
    write_file(key_path, &request.key);
    APPEND(&extension, "subjectAltName=", string(&names->san));
    const char *const san = names->san.size != 0 ? "-addext" : NULL;
    made = OPENSSL(&config, "req", "-new", "-sha256", "-utf8", "-config", "/dev/stdin", "-key",
                   key_path, "-subj", string(&names->subject), san, string(&extension));
    request.csr = only_pem(string(&made), "CERTIFICATE REQUEST", "openssl req");
    APPEND(&wanted, string(&request.csr));
    write_file(csr_path, &wanted);
    sync_folder();
    return request;
}

static struct text token, authorization;  // the latter a header with its end; empty: none

// Of a file, or of a variable of the environment, which is wiped.
static struct text read_secret(const char *file, const char *variable) {
    struct text secret = {0};
    char *const value = getenv(variable);
    if (file != NULL && !read_file(file, true, &secret)) die(FILES, "%s: no such file", file);
    if (file == NULL && value != NULL) APPEND(&secret, value);
    if (value != NULL) {
        explicit_bzero(value, strlen(value));
        unsetenv(variable);
    }
    while (secret.size != 0 && strchr("\r\n", secret.data[secret.size - 1]))
        secret.data[--secret.size] = '\0';
    if (strlen(string(&secret)) != secret.size || strpbrk(string(&secret), "\r\n"))
        die(FILES, "a password or token is more than one line");
    return secret;
}

static void read_secrets(void) {
    const struct text password = read_secret(opt.password_file, "EST_CLIENT_PASSWORD");
    struct text pair = {0};
    token = read_secret(opt.token_file, "EST_CLIENT_TOKEN");
    if (token.size != 0 && !consists_of(string(&token), "-._~+/=", 512))
        die(FILES, "the token has characters that no token has");
    if (opt.user != NULL && password.size != 0) {
        APPEND(&pair, opt.user, ":", string(&password));
        pair = OPENSSL(&pair, "base64", "-A");
        APPEND(&authorization, "Authorization: Basic ", string(&pair), "\r\n");
    } else if (token.size != 0 && !opt.device_api) {
        APPEND(&authorization, "Authorization: Bearer ", string(&token), "\r\n");
    }
}

// --- HTTP through openssl s_client ---

struct answer {
    int status;
    long retry_after;  // seconds; -1: not told
    const char *type;
    struct text body;
};

// openssl has one exit status for all that goes wrong.
static _Noreturn void no_answer(const char *errors) {
    if (strstr(errors, "verify error") || strstr(errors, "verify failed"))
        die(UNTRUSTED, "%s: another server, or its certificate is of no CA in %s", opt.server,
            opt.ca);
    if (strstr(errors, "alert number"))
        die(UNAUTHORIZED, "%s: the server refused the connection", opt.server);
    die(UNREACHED, "%s: no answer", opt.server);
}

// The value of a header; NULL: it is not there, or twice.
static const char *header(const char *head, const char *name) {
    const char *found = NULL;
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) != 0 || line[strlen(name)] != ':') continue;
        if (found != NULL) return NULL;
        found = line + strlen(name) + 1;
    }
    if (found == NULL) return NULL;
    struct text value = {0};
    found += strspn(found, " \t");
    append_bytes(&value, found, strcspn(found, "\r\n"));
    return string(&value);
}

// RFC 9112 7.1, without trailers. False: it did not come to its end.
static bool take_chunks(const char *at, const char *end, struct text *body) {
    for (;;) {
        char *behind = NULL;
        if (at >= end || !isxdigit((unsigned char)*at)) return false;
        const unsigned long size = strtoul(at, &behind, 16);
        const char *const data = strstr(behind, "\r\n");
        if (behind - at > 8 || data == NULL || size + 4 > (unsigned long)(end - data)) return false;
        append_bytes(body, data + 2, size);
        at = data + 2 + size;
        if (!starts_with(at, "\r\n")) return false;
        at += 2;
        if (size == 0) return at == end;
    }
}

static struct answer parse_answer(const struct text *raw) {
    struct answer answer = {0, -1, "", {0}};
    char *head = raw->data, *const end = raw->data + raw->size, *body;
    while ((body = strstr(head, "\r\n\r\n")) != NULL && starts_with(head, "HTTP/1.1 1"))
        head = body + 4;  // RFC 9110 15.2: one that is not the last, and says nothing
    if (body == NULL || !starts_with(head, "HTTP/1.") || strspn(head + 9, "0123456789") != 3)
        die(UNREACHED, "%s: the answer is not HTTP, or was cut", opt.server);
    body[2] = '\0';  // the head is a string of its own
    answer.status = (int)strtol(head + 9, NULL, 10);
    const char *const start = body + 4, *const coding = header(head, "Transfer-Encoding");
    bool whole = number(header(head, "Content-Length"), MOST_BYTES) == end - start;
    if (coding != NULL)
        whole = strcasecmp(coding, "chunked") == 0 && take_chunks(start, end, &answer.body);
    else
        append_bytes(&answer.body, start, (size_t)(end - start));
    if (!whole) die(UNREACHED, "%s: the answer was cut", opt.server);
    if (header(head, "Content-Type") != NULL) answer.type = header(head, "Content-Type");
    answer.retry_after = number(header(head, "Retry-After"), 999999999);
    return answer;
}

// The certificates behind the first one of the identity, for the handshake; false: there is none.
static bool write_chain(const char *identity) {
    struct text block, chain = {0};
    next_pem(&identity, "CERTIFICATE", &block);
    while (next_pem(&identity, "CERTIFICATE", &block)) APPEND(&chain, string(&block));
    if (chain.size != 0) write_file(beside(".chain", chain_file), &chain);
    return chain.size != 0;
}

// `identity` is what the client shows, or NULL.
static struct answer send_request(const struct text *request, const struct text *identity) {
    char address[270];
    snprintf(address, sizeof(address), "%s:%s", opt.host, opt.port);
    const bool numeric = strspn(opt.host, "0123456789.") == strlen(opt.host);
    const bool chain = identity != NULL && write_chain(string(identity));
    const char *const words[] = {
        "openssl", "s_client", "-quiet", "-ign_eof", "-verify", "8", "-verify_return_error",
        "-no-CApath", "-CAfile", opt.ca, "-connect", address,
        numeric ? "-verify_ip" : "-verify_hostname", opt.host,
        numeric ? "-noservername" : "-servername", numeric ? "-quiet" : opt.host,
        identity != NULL ? "-cert" : NULL, opt.identity, "-key", opt.identity,
        chain ? "-cert_chain" : NULL, chain_file, NULL};
    struct text raw = {0}, errors = {0};
    run(words, request, &raw, &errors);
    if (raw.size == 0) no_answer(string(&errors));
    return parse_answer(&raw);
}

// What a server says for people: what a terminal would obey is left out.
static void print_reason(const struct text *body) {
    fputs("est_client: the server says: ", stderr);
    for (size_t i = 0; i < 200 && i < body->size && body->data[i] != '\n'; i++)
        if (body->data[i] >= 0x20 && body->data[i] < 0x7f) fputc(body->data[i], stderr);
    fputc('\n', stderr);
}

static void check_status(const struct answer *answer) {
    const int status = answer->status;
    if (status == 200) return;
    print_reason(&answer->body);
    if (status == 401) die(UNAUTHORIZED, "the server does not accept who this is (401)");
    if (status == 202 || status == 408 || status == 425 || status == 429 || status >= 500) {
        if (answer->retry_after < 0) die(LATER, "not now (%d): again later", status);
        die(LATER, "not now (%d): again in %ld seconds", status, answer->retry_after);
    }
    forget_request();  // the same one would be refused again
    die(REFUSED, "the server refuses the request (%d)", status);
}

// A POST of the body, or a GET where there is none.
static struct answer call(const char *operation, const char *type, const struct text *body,
                          const struct text *identity) {
    struct text http = {0};
    char head[512];
    APPEND(&http, body != NULL ? "POST " : "GET ", opt.path, operation, " HTTP/1.1\r\nHost: ",
           opt.host);
    if (strcmp(opt.port, "443") != 0) APPEND(&http, ":", opt.port);
    APPEND(&http, "\r\nConnection: close\r\n");
    if (body != NULL) {
        snprintf(head, sizeof(head), "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
                 body->size);
        APPEND(&http, string(&authorization), head);
    }
    APPEND(&http, "\r\n", body != NULL ? string(body) : "");
    const struct answer answer = send_request(&http, identity);
    check_status(&answer);
    return answer;
}

// A certs-only message (RFC 8951 3) as PEM.
static struct text certificates_of(const struct answer *answer) {
    struct text pkcs7 = {0}, pem = {0};
    int column = 0;
    APPEND(&pkcs7, "-----BEGIN PKCS7-----");
    for (const char *c = string(&answer->body); *c != '\0'; c++) {
        if (strchr(" \t\r\n", *c)) continue;
        if (column++ % 64 == 0) APPEND(&pkcs7, "\n");
        append_bytes(&pkcs7, c, 1);
    }
    APPEND(&pkcs7, "\n-----END PKCS7-----\n");
    if (starts_with(answer->type, "application/pkcs7-mime"))
        pem = OPENSSL(&pkcs7, "pkcs7", "-print_certs");
    if (pem.size == 0) die(BAD_ANSWER, "the answer is not a list of certificates");
    return pem;
}

static char after_space(const char **at) { return *(*at += strspn(*at, " \t\r\n")); }

// A string of JSON: only ASCII, and the escapes that PEM needs. False: it is not one.
static bool json_string(const char **at, struct text *to) {
    if (after_space(at) != '"') return false;
    for ((*at)++; **at != '"'; (*at)++) {
        char c = **at;
        if (c < 0x20 || c > 0x7e) return false;
        if (c == '\\') {
            c = *++(*at);
            if (c == '\0' || !strchr("nr/\"\\", c)) return false;
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        append_bytes(to, &c, 1);
    }
    (*at)++;
    return true;
}

// {"certificate": PEM, "ca_bundle": PEM} in any order, as one PEM; every member is a string.
static struct text certificates_of_json(const struct answer *answer) {
    const char *at = string(&answer->body);
    struct text pem = {0};
    bool good = starts_with(answer->type, "application/json") && after_space(&at) == '{';
    do {
        struct text name = {0};
        if (good) at++;
        good = good && json_string(&at, &name) && after_space(&at) == ':';
        if (good) at++;
        good = good && json_string(&at, &pem);
        APPEND(&pem, "\n");
    } while (good && after_space(&at) == ',');
    if (!good || *at++ != '}' || after_space(&at) != '\0')
        die(BAD_ANSWER, "the answer is not the JSON that was expected");
    return pem;
}

static bool is_root(const struct text *certificate) {
    const struct text hashes =
        OPENSSL(certificate, "x509", "-noout", "-subject_hash", "-issuer_hash");
    return hashes.size == 18 && memcmp(hashes.data, hashes.data + 9, 8) == 0;
}

// The certificate of our key first, then those of other CAs than roots, each once.
static struct text sort_certificates(const char *pem, const struct text *key) {
    const struct text ours = OPENSSL(key, "pkey", "-pubout");
    struct text leaf = {0}, chain = {0}, block;
    while (next_pem(&pem, "CERTIFICATE", &block)) {
        const struct text its = OPENSSL(&block, "x509", "-noout", "-pubkey");
        if (ours.size != 0 && strcmp(string(&its), string(&ours)) == 0) leaf = block;
        else if (!strstr(string(&chain), string(&block)) && !is_root(&block))
            APPEND(&chain, string(&block));
    }
    if (leaf.size == 0) die(BAD_ANSWER, "there is no certificate for our key in the answer");
    APPEND(&leaf, string(&chain));
    return leaf;
}

static void install(const struct text *pem, const struct request *request) {
    struct text identity = sort_certificates(string(pem), &request->key);
    APPEND(&identity, string(&request->key));
    write_file(beside(".new", new_file), &identity);
    if (OPENSSL(NULL, "verify", "-no-CApath", "-CAfile", opt.ca, "-untrusted", new_file, new_file)
            .size == 0)
        die(BAD_ANSWER, "the certificate is of no CA in %s", opt.ca);
    if (rename(new_file, opt.identity) != 0) die(FAILED, "%s: %s", opt.identity, strerror(errno));
    new_file[0] = '\0';
    sync_folder();
    forget_request();
}

static void use_device_api(const struct request *request, const struct text *identity) {
    struct text body = {0};
    APPEND(&body, "{");
    if (!opt.renew) APPEND(&body, "\"token\": \"", string(&token), "\", ");
    APPEND(&body, "\"csr\": \"");
    for (const char *c = string(&request->csr); *c != '\0'; c++)
        append_bytes(&body, *c == '\n' ? "\\n" : c, *c == '\n' ? 2 : 1);
    APPEND(&body, "\"}");
    const char *const operation = opt.renew ? "/renewal" : "/bootstrap";
    const struct answer answer = call(operation, "application/json", &body, identity);
    const struct text pem = certificates_of_json(&answer);
    install(&pem, request);
}

static void use_est(const struct request *request, const struct text *identity) {
    struct text body = {0};
    const char *const base64 = strchr(string(&request->csr), '\n') + 1;
    append_bytes(&body, base64, strcspn(base64, "-"));
    // RFC 7030 4.1: the CAs between the certificate and the root, which an enrolment leaves out.
    struct answer answer = call("/cacerts", NULL, NULL, NULL);
    const struct text authorities = certificates_of(&answer);
    answer = call(opt.renew ? "/simplereenroll" : "/simpleenroll", "application/pkcs10", &body,
                  identity);
    struct text pem = certificates_of(&answer);
    APPEND(&pem, string(&authorities));
    install(&pem, request);
}

// "notAfter=2026-11-26 04:31:27Z" in seconds since 1970.
static long long seconds_of(const char *dates, const char *name) {
    const char *const at = strstr(dates, name);
    int y, m, day, hour, minute, second;
    if (at == NULL || sscanf(at + strlen(name), "%d-%d-%d %d:%d:%dZ", &y, &m, &day, &hour, &minute,
                             &second) != 6)
        die(FILES, "%s: a certificate without dates", opt.identity);
    if (m <= 2) y--;
    const long long days = 365LL * y + y / 4 - y / 100 + y / 400 +
                           (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + day - 1 - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

// --before: days, or percent of the lifetime, that are left.
static bool is_due(const struct text *certificate) {
    const struct text dates = OPENSSL(certificate, "x509", "-noout", "-startdate", "-enddate",
                                      "-dateopt", "iso_8601");
    const long long begin = seconds_of(string(&dates), "notBefore=");
    const long long end = seconds_of(string(&dates), "notAfter=");
    return time(NULL) >= end - (opt.percent ? (end - begin) / 100 : 86400LL) * opt.left;
}

static void enroll(void) {
    struct names names = {.san = {0}};
    if (!opt.force && access(opt.identity, F_OK) == 0)
        die(FILES, "%s is there already: renew it, or --force", opt.identity);
    APPEND(&names.subject, "/CN=", opt.cn);
    if (opt.dns != NULL) APPEND(&names.san, "DNS:", opt.dns);
    const struct request request = prepare_request(&names, NULL);
    (opt.device_api ? use_device_api : use_est)(&request, NULL);
}

static void renew(void) {
    struct text identity = {0};
    if (!read_file(opt.identity, true, &identity)) die(FILES, "%s: no such file", opt.identity);
    const struct text certificate = only_pem(string(&identity), "CERTIFICATE", opt.identity);
    const struct text key = only_pem(string(&identity), "PRIVATE KEY", opt.identity);
    if (!is_due(&certificate)) return;
    const struct names names = names_of(&certificate);
    const struct request request = prepare_request(&names, opt.reuse_key ? &key : NULL);
    (opt.device_api ? use_device_api : use_est)(&request, &identity);
}

// --- options ---

static const char kHelp[] =
    "usage: est_client enroll|renew --server HOST[:PORT] --ca FILE --identity FILE [OPTION...]\n"
    "  --api est|enroll  EST, or a token or certificate and JSON    --path PATH  of the service\n"
    "  --cn NAME, --dns NAME  common name and host name of a new certificate\n"
    "  --user NAME with --password-file FILE or EST_CLIENT_PASSWORD;\n"
    "  --token-file FILE or EST_CLIENT_TOKEN: what proves who this is\n"
    "  --key-type ec:P-256|ec:P-384|rsa:2048...   --reuse-key  renew for the same key\n"
    "  --before DAYS|N%  renew when no more is left (33%)    --force  replace the identity\n"
    "  --timeout SECONDS  of each step (60)    --openssl COMMAND\n"
    "Exit codes: 0 done, or not time yet; 1 failure; 2 usage; 3 not reached; 4 wrong server;\n"
    "5 not accepted; 6 refused; 7 again later; 8 wrong answer; 9 file missing or not private\n";

static _Noreturn void misuse(const char *what) { die(USAGE, "%s; see est_client --help", what); }

static void parse_options(int count, char *const words[]) {
    const struct {
        const char *name, **value;
        bool *flag;
    } known[] = {
        {"--server", &opt.server, NULL}, {"--ca", &opt.ca, NULL}, {"--api", &opt.api, NULL},
        {"--identity", &opt.identity, NULL}, {"--cn", &opt.cn, NULL}, {"--dns", &opt.dns, NULL},
        {"--path", &opt.path, NULL}, {"--user", &opt.user, NULL}, {"--before", &opt.before, NULL},
        {"--password-file", &opt.password_file, NULL}, {"--token-file", &opt.token_file, NULL},
        {"--key-type", &opt.key_type, NULL}, {"--timeout", &opt.seconds, NULL},
        {"--openssl", &opt.openssl, NULL}, {"--reuse-key", NULL, &opt.reuse_key},
        {"--force", NULL, &opt.force}, {NULL, NULL, NULL}};
    for (int i = 0; i < count; i++) {
        size_t j = 0;
        while (known[j].name != NULL && strcmp(words[i], known[j].name) != 0) j++;
        if (known[j].name == NULL || (known[j].value != NULL && i + 1 == count))
            misuse("an option is unknown, or has no value");
        if (known[j].flag != NULL) *known[j].flag = true;
        else *known[j].value = words[++i];
    }
}

// What stands in arguments and files of openssl must not mean anything there.
static void check_options(void) {
    char *end = NULL;
    if (!opt.server || !opt.ca || !opt.identity) misuse("--server, --ca or --identity is missing");
    const size_t size = strcspn(opt.server, ":");
    const char *const port = opt.server[size] == ':' ? opt.server + size + 1 : "443";
    snprintf(opt.host, sizeof(opt.host), "%.*s", (int)(size < 255 ? size : 255), opt.server);
    snprintf(opt.port, sizeof(opt.port), "%.5s", port);
    if (!consists_of(opt.host, "-.", 253) || opt.host[0] == '-' || number(port, 65535) < 1)
        misuse("--server takes HOST or HOST:PORT");
    opt.device_api = strcmp(opt.api, "enroll") == 0;
    if (!opt.device_api && strcmp(opt.api, "est") != 0) misuse("--api takes est or enroll");
    if (opt.path == NULL) opt.path = opt.device_api ? "/enroll" : "/.well-known/est";
    if (opt.path[0] != '/' || !consists_of(opt.path, "/-._~%", 1024)) misuse("--path is no path");
    if (!opt.renew && (opt.cn == NULL || !consists_of(opt.cn, " -._:@", 64)))
        misuse("--cn takes 1 to 64 letters, digits, spaces and \"-._:@\"");
    if (opt.dns != NULL && !consists_of(opt.dns, "-.*", 253)) misuse("--dns takes a host name");
    if (opt.user != NULL && (strchr(opt.user, ':') || !consists_of(opt.user, "-._@+\\ /", 255)))
        misuse("--user has characters that no user name has");
    if (!(starts_with(opt.key_type, "ec:P-") || starts_with(opt.key_type, "rsa:")) ||
        !consists_of(opt.key_type, ":-", 16))
        misuse("--key-type takes ec:P-256, ec:P-384, ec:P-521 or rsa:BITS");
    opt.left = strtol(opt.before, &end, 10);
    opt.percent = strcmp(end, "%") == 0;
    if (!isdigit((unsigned char)*opt.before) || opt.left > 36500 || (!opt.percent && *end != '\0'))
        misuse("--before takes days, or percent as in 25%");
    if ((opt.timeout = number(opt.seconds, 86400)) < 1) misuse("--timeout takes 1 to 86400");
    if (strlen(opt.identity) > MOST_PATH - 8 || opt.identity[0] == '-' || opt.ca[0] == '-')
        misuse("--identity and --ca take the names of files");
    if (access(opt.ca, R_OK) != 0) die(FILES, "%s: %s", opt.ca, strerror(errno));
}

int main(int count, char *words[]) {
    // Whoever starts this may have closed them: no file of ours takes their place.
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return FAILED;
    atexit(clean_up);
    if (count == 2 && strcmp(words[1], "--help") == 0) {
        fputs(kHelp, stdout);
        return DONE;
    }
    opt.renew = count > 1 && strcmp(words[1], "renew") == 0;
    if (!opt.renew && (count < 2 || strcmp(words[1], "enroll") != 0))
        misuse("the first word is enroll or renew");
    parse_options(count - 2, words + 2);
    check_options();
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);  // ignored, it would take the status of openssl away
    for (int *i = (int[]){SIGINT, SIGTERM, SIGHUP, SIGALRM, 0}; *i; i++) signal(*i, on_signal);
    read_secrets();
    if (opt.device_api && !opt.renew && token.size == 0) misuse("there is no token");
    lock_identity();
    (opt.renew ? renew : enroll)();
    return DONE;
}
