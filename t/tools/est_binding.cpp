// A client of EST that knows its channel bindings, which curl does not tell.
//
//     est_binding --port N --ca FILE [--tls 1.2|1.3] [--resume] [--no-ems] [--h2]
//                 [--cert FILE --key FILE] [--type TYPE] --path PATH [--header "Name: value"]…
//
// It shakes hands with 127.0.0.1, twice with --resume, prints "tls-unique BASE64" and
// "tls-exporter BASE64" (what there is), then reads the body of a POST from standard input to
// its end, sends it over that connection, and prints "status N" and the answer: with HTTP/1.1
// as it came, with HTTP/2 its body.
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "libpki/base/base64.h"

namespace {

struct Options {
    int port = 0;
    std::string ca, tls, cert, key, path;
    std::string type = "application/pkcs10";  // of the body
    std::vector<std::string> headers;
    bool resume = false;
    bool no_ems = false;
    bool h2 = false;
};

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "est_binding: %s\n", what);
    std::exit(1);
}

Options read_options(int argc, char** argv) {
    Options o;
    for (int i = 1; i < argc; i++) {
        const std::string name = argv[i];
        if (name == "--resume")
            o.resume = true;
        else if (name == "--no-ems")
            o.no_ems = true;
        else if (name == "--h2")
            o.h2 = true;
        else if (i + 1 == argc)
            die("an option without its value");
        else if (name == "--port")
            o.port = std::atoi(argv[++i]);
        else if (name == "--ca")
            o.ca = argv[++i];
        else if (name == "--tls")
            o.tls = argv[++i];
        else if (name == "--cert")
            o.cert = argv[++i];
        else if (name == "--key")
            o.key = argv[++i];
        else if (name == "--type")
            o.type = argv[++i];
        else if (name == "--path")
            o.path = argv[++i];
        else if (name == "--header")
            o.headers.push_back(argv[++i]);
        else
            die("an unknown option");
    }
    return o;
}

// Of the last handshake that may be resumed.
SSL_SESSION* session = nullptr;

int keep_session(SSL*, SSL_SESSION* fresh) {
    SSL_SESSION_free(session);
    session = fresh;
    return 1;
}

SSL_CTX* make_context(const Options& o) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_load_verify_locations(context, o.ca.c_str(), nullptr) != 1) die("--ca");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    const int version = o.tls == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    if (o.no_ems) SSL_CTX_set_options(context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    const unsigned char h2[] = "\x02h2";
    if (o.h2) SSL_CTX_set_alpn_protos(context, h2, 3);
    if (!o.cert.empty() &&
        (SSL_CTX_use_certificate_chain_file(context, o.cert.c_str()) != 1 ||
         SSL_CTX_use_PrivateKey_file(context, o.key.c_str(), SSL_FILETYPE_PEM) != 1))
        die("--cert, --key");
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    return context;
}

SSL* connect_to(SSL_CTX* context, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "localhost");
    if (session != nullptr) SSL_set_session(ssl, session);
    if (SSL_connect(ssl) != 1) die("the handshake failed");
    return ssl;
}

void write_all(SSL* ssl, const std::string& data) {
    if (SSL_write(ssl, data.data(), static_cast<int>(data.size())) <= 0) die("write");
}

// To the end of the connection.
std::string read_all(SSL* ssl) {
    std::string out;
    char buffer[16384];
    for (int n; (n = SSL_read(ssl, buffer, sizeof buffer)) > 0;)
        out.append(buffer, static_cast<std::size_t>(n));
    return out;
}

// With TLS 1.3 the tickets come behind the handshake, with the first answer at the latest.
void first_connection(SSL_CTX* context, const Options& o) {
    SSL* ssl = connect_to(context, o.port);
    if (!o.h2)
        write_all(ssl, "GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    else
        write_all(ssl, "junk that ends an HTTP/2 connection");
    read_all(ssl);
    SSL_shutdown(ssl);
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
    if (session == nullptr) die("nothing to resume");
}

void print(const char* name, const unsigned char* data, std::size_t size) {
    std::printf("%s %s\n", name, pki::base64_encode({data, size}).c_str());
}

void print_bindings(SSL* ssl, const Options& o) {
    if ((SSL_session_reused(ssl) == 1) != o.resume) die("resumed, or not");
    unsigned char value[64];
    if (SSL_version(ssl) < TLS1_3_VERSION) {
        const std::size_t size = o.resume ? SSL_get_peer_finished(ssl, value, sizeof value)
                                          : SSL_get_finished(ssl, value, sizeof value);
        print("tls-unique", value, size);
    }
    constexpr char kLabel[] = "EXPORTER-Channel-Binding";
    const unsigned char none = 0;
    if (SSL_export_keying_material(ssl, value, 32, kLabel, sizeof kLabel - 1, &none, 0, 1) == 1)
        print("tls-exporter", value, 32);
    std::fflush(stdout);
}

std::string read_input() {
    std::string out;
    char buffer[16384];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;)
        out.append(buffer, n);
    return out;
}

// --- HTTP/1.1 ---

void http_1(SSL* ssl, const Options& o, const std::string& body) {
    std::string request = "POST " + o.path + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const std::string& header : o.headers) request += header + "\r\n";
    request += "Content-Type: " + o.type +
               "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body;
    write_all(ssl, request);
    const std::string answer = read_all(ssl);
    if (answer.size() < 12) die("no answer");
    std::printf("status %s\n%s", answer.substr(9, 3).c_str(), answer.c_str());
}

// --- HTTP/2: RFC 9113, with headers as literals that need no table (RFC 7541 6.2.2) ---

std::string frame(char type, char flags, char stream, const std::string& content) {
    const std::size_t n = content.size();
    return std::string{static_cast<char>(n >> 16),
                       static_cast<char>(n >> 8),
                       static_cast<char>(n),
                       type,
                       flags,
                       0,
                       0,
                       0,
                       stream} +
           content;
}

std::string literal(const std::string& name, const std::string& value) {
    if (name.size() > 126 || value.size() > 126) die("a header that is too long");
    return std::string(1, '\0') + static_cast<char>(name.size()) + name +
           static_cast<char>(value.size()) + value;
}

std::string header_block(const Options& o, std::size_t size) {
    std::string block = literal(":method", "POST") + literal(":scheme", "https") +
                        literal(":path", o.path) + literal(":authority", "localhost") +
                        literal("content-type", o.type) +
                        literal("content-length", std::to_string(size));
    for (const std::string& header : o.headers) {
        const std::size_t colon = header.find(':');
        std::string name = header.substr(0, colon);
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        block += literal(name, header.substr(colon + 2));
    }
    return block;
}

std::string read_exactly(SSL* ssl, std::size_t size) {
    std::string out(size, '\0');
    for (std::size_t have = 0; have < size;) {
        const int n = SSL_read(ssl, out.data() + have, static_cast<int>(size - have));
        if (n <= 0) die("the connection ended within an answer");
        have += static_cast<std::size_t>(n);
    }
    return out;
}

// nginx writes it first: by its index, or as a literal that has the index of ":status".
std::string status_of(const std::string& block) {
    std::size_t at = 0;
    while (at < block.size() && (block[at] & 0xe0) == 0x20) at++;  // a new size of the table
    const char* const kIndexed[] = {"200", "204", "206", "304", "400", "404", "500"};
    const unsigned first = static_cast<unsigned char>(block.at(at));
    if (first >= 0x88 && first <= 0x8e) return kIndexed[first - 0x88];
    return block.substr(at + 2, 3);
}

// Any connection-specific header would make the answer malformed (RFC 9113 8.2.2).
void check_headers(const std::string& block) {
    for (const char* const name : {"upgrade", "connection"})
        if (block.find(std::string(1, static_cast<char>(std::strlen(name))) + name) !=
            std::string::npos)
            die("a header that HTTP/2 does not have");
}

void http_2(SSL* ssl, const Options& o, const std::string& body) {
    constexpr char kHeaders = 1, kData = 0, kSettings = 4, kEndStream = 1, kEndHeaders = 4;
    if (body.size() > 16000) die("a body that is too long");
    write_all(ssl, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, "") +
                       frame(kHeaders, kEndHeaders, 1, header_block(o, body.size())) +
                       frame(kData, kEndStream, 1, body));
    std::string status, answer;
    for (bool end = false; !end;) {
        const std::string head = read_exactly(ssl, 9);
        const auto octet = [&](std::size_t i) {
            return static_cast<std::size_t>(static_cast<unsigned char>(head[i]));
        };
        const std::string content =
            read_exactly(ssl, octet(0) << 16 | octet(1) << 8 | octet(2));
        if (head[3] == kHeaders) {
            status = status_of(content);
            check_headers(content);
        }
        if (head[3] == kData) answer += content;
        if (head[3] == 3 || head[3] == 7) die("the stream was reset");
        end = (head[3] == kHeaders || head[3] == kData) && (head[4] & kEndStream) != 0;
    }
    std::printf("status %s\n%s", status.c_str(), answer.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = read_options(argc, argv);
    SSL_CTX* context = make_context(options);
    if (options.resume) first_connection(context, options);
    SSL* ssl = connect_to(context, options.port);
    print_bindings(ssl, options);
    const std::string body = read_input();
    (options.h2 ? http_2 : http_1)(ssl, options, body);
    SSL_free(ssl);
    SSL_CTX_free(context);
    SSL_SESSION_free(session);
    return 0;
}
