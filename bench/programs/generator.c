/* Load for the bench: HTTP/1.1 over TCP or TLS 1.3 to 127.0.0.1, one thread, one line of JSON.
 *
 *   -a PORT   of the proxy                 -c N      connections
 *   -s        TLS                          -g PATH   what is asked for
 *   -t FILE   bearer tokens, in turn       -b N      POST a body of N bytes
 *   -j FILE   POST what is in it, at most 16 KB
 *   -f        a new connection for every request     -r  and resume the last TLS session
 *   -q RATE   open loop: so many requests a second, timed from the instant each was due
 *   -d SECONDS, -w SECONDS, -n N           measured; warm-up; at least N requests before it
 *   -p PID,.. the proxy                    -u PID,.. the upstream
 *
 * Every client offers the same TLS (1.3, AES-128-GCM, X25519), so that every proxy does the same
 * cryptography. At both ends of the measured part the run time of proxy, upstream and this process
 * is read from the scheduler, and that of the whole machine from /proc/stat: what is left over was
 * used by others.
 */
#define _GNU_SOURCE
#include "accounting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    TOKEN_MAX = 4096,
    HEAD_MAX = 2048 + TOKEN_MAX,
    BODY_WITH_HEAD = 16384,     /* as much of a body is written together with its head */
    ANSWER_HEAD_MAX = 8192,
    OPENING_MAX = 128,          /* connections being opened at once, before the warm-up */
    LATENCIES_MAX = 8 << 20,
    ERRORS_MAX = 10000,
    START_SECONDS = 120,        /* the longest wait for the warm-up to begin */
};

enum phase { CONNECTING, SHAKING, IDLE, SENDING, HEAD, BODY, CLOSING };

struct connection {
    int descriptor;
    SSL *tls;
    SSL_SESSION *session;
    enum phase phase;
    uint32_t events;
    double due;
    char *request;
    size_t request_length, sent;
    uint64_t body_left;         /* of the request, after what `request` holds */
    char head[ANSWER_HEAD_MAX];
    size_t head_length;
    uint64_t answer_left;
    int status, last, served;
};

static int port, connections = 64, encrypted, fresh, resume;
static double rate, measured_seconds = 4, warm_seconds = 1;
static uint64_t first_requests, body_bytes;
static const char *path = "/", *proxies = "", *upstreams = "";
static const char *tokens;
static size_t *token_at, token_count, token_next;

static SSL_CTX *context;
static int poller;
static struct sockaddr_in address;
static char filler[1 << 20], arrived[262144];
static struct connection *all, **idle;  /* `idle` is a ring: the longest idle goes first */
static size_t idle_first, idle_count;
static int opening, served_once;
static double next_due;

static int measuring;
static uint64_t completed, done, errors, shaken, resumed, statuses[600], answer_bytes;
static uint32_t *latencies;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void watch(struct connection *c, uint32_t events) {
    if (c->events == events) return;
    struct epoll_event event = {events, {.ptr = c}};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->descriptor, &event);
    c->events = events;
}

static int keep_session(SSL *tls, SSL_SESSION *session) {
    struct connection *c = SSL_get_app_data(tls);
    if (c->session) SSL_SESSION_free(c->session);
    c->session = session;
    return 1;
}

static void build_request(struct connection *c) {
    char *out = c->request;
    out += sprintf(out, "%s %s HTTP/1.1\r\n", body_bytes ? "POST" : "GET", path);
    out += sprintf(out, "Host: localhost\r\nUser-Agent: bench/1\r\nAccept: */*\r\n");
    if (fresh) out += sprintf(out, "Connection: close\r\n");
    if (body_bytes)
        out += sprintf(out, "Content-Type: application/json\r\nContent-Length: %llu\r\n",
                       (unsigned long long)body_bytes);
    if (token_count) {
        size_t length = token_at[token_next + 1] - token_at[token_next] - 1;
        memcpy(out, "Authorization: Bearer ", 22);
        memcpy(out + 22, tokens + token_at[token_next], length);
        memcpy(out + 22 + length, "\r\n", 2);
        out += 24 + length;
        if (++token_next == token_count) token_next = 0;
    }
    memcpy(out, "\r\n", 2);
    out += 2;
    size_t with = body_bytes < BODY_WITH_HEAD ? body_bytes : BODY_WITH_HEAD;
    memcpy(out, filler, with);
    c->request_length = out + with - c->request;
    c->body_left = body_bytes - with;
    c->sent = c->head_length = 0;
}

static void open_connection(struct connection *c) {
    int on = 1;
    c->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (c->descriptor < 0 ||
        (connect(c->descriptor, (void *)&address, sizeof address) && errno != EINPROGRESS)) {
        perror("generator: connect");
        exit(1);
    }
    c->phase = CONNECTING;
    c->events = EPOLLOUT;
    opening++;
    struct epoll_event event = {EPOLLOUT, {.ptr = c}};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->descriptor, &event);
    if (!encrypted) return;
    c->tls = SSL_new(context);
    SSL_set_fd(c->tls, c->descriptor);
    SSL_set_app_data(c->tls, c);
    SSL_set_connect_state(c->tls);
    SSL_set_tlsext_host_name(c->tls, "localhost");
    if (resume && c->session) SSL_set_session(c->tls, c->session);
}

static void close_connection(struct connection *c) {
    if (c->phase <= SHAKING) opening--;
    if (c->tls) {
        /* We have heard the end, or something broke; in both cases there is nothing to say. A
           session of a connection that was not shut down would not be resumed. */
        SSL_set_quiet_shutdown(c->tls, 1);
        SSL_shutdown(c->tls);
        SSL_free(c->tls);
    }
    c->tls = NULL;
    close(c->descriptor);
    c->descriptor = -1;
}

static void advance(struct connection *c);

static void issue(struct connection *c, double due) {
    c->due = due;
    build_request(c);
    if (c->descriptor < 0) {
        open_connection(c);
        return;
    }
    c->phase = SENDING;
    advance(c);
}

static void rest(struct connection *c) {
    c->phase = IDLE;
    if (c->descriptor >= 0) watch(c, EPOLLIN);
    idle[(idle_first + idle_count++) % connections] = c;
}

/* Something went wrong: counted, and the connection starts anew. */
static void fail(struct connection *c) {
    ERR_clear_error();
    if (++errors > ERRORS_MAX) {
        fprintf(stderr, "generator: too many errors\n");
        exit(1);
    }
    if (c->phase == IDLE) { /* it is in the ring, and is opened when its turn comes */
        close_connection(c);
        return;
    }
    close_connection(c);
    rest(c);
}

static void complete(struct connection *c) {
    completed++;
    if (!c->served) c->served = 1, served_once++;
    if (measuring) {
        if (done < LATENCIES_MAX) latencies[done] = (now() - c->due) * 1e6;
        done++;
        statuses[c->status]++;
    }
    if (fresh || c->last) c->phase = CLOSING;
    else rest(c);
}

/* Reads into `arrived`: bytes, 0 when there is nothing yet, -1 at the end, -2 when broken. */
static ssize_t receive(struct connection *c) {
    if (!c->tls) {
        ssize_t got = recv(c->descriptor, arrived, sizeof arrived, 0);
        return got > 0 ? got : got == 0 ? -1 : errno == EAGAIN ? 0 : -2;
    }
    int got = SSL_read(c->tls, arrived, sizeof arrived);
    if (got > 0) return got;
    int error = SSL_get_error(c->tls, got);
    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ ? 0 : error == SSL_ERROR_ZERO_RETURN ? -1 : -2;
}

/* 1 when written, 0 when the peer must read first, -1 when broken. */
static int transmit(struct connection *c) {
    while (c->sent < c->request_length || c->body_left) {
        int head = c->sent < c->request_length;
        const char *bytes = head ? c->request + c->sent : filler;
        size_t length = head ? c->request_length - c->sent
                             : c->body_left < sizeof filler ? c->body_left : sizeof filler;
        ssize_t sent;
        if (c->tls) {
            sent = SSL_write(c->tls, bytes, length);
            if (sent <= 0) {
                int error = SSL_get_error(c->tls, sent);
                ERR_clear_error();
                return error == SSL_ERROR_WANT_WRITE ? 0 : -1;
            }
        } else {
            sent = send(c->descriptor, bytes, length, MSG_NOSIGNAL);
            if (sent < 0) return errno == EAGAIN ? 0 : -1;
        }
        if (head) c->sent += sent;
        else c->body_left -= sent;
    }
    return 1;
}

/* Takes the head of an answer out of what arrived; answers the bytes it used, 0 when broken. */
static size_t take_head(struct connection *c, size_t count) {
    size_t before = c->head_length, room = sizeof c->head - 1 - before;
    size_t part = count < room ? count : room;
    memcpy(c->head + before, arrived, part);
    c->head_length += part;
    c->head[c->head_length] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return part == count ? part : 0;
    end[2] = 0;
    c->status = c->head_length > 12 ? atoi(c->head + 9) : 0;
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    if (!length || c->status < 100 || c->status >= 600) return 0;
    c->answer_left = strtoull(length + 17, NULL, 10);
    c->last = strcasestr(c->head, "\r\nconnection: close") != NULL;
    c->phase = BODY;
    return end + 4 - c->head - before;
}

static void shake(struct connection *c) {
    int result = SSL_do_handshake(c->tls);
    if (result == 1) {
        opening--;
        if (measuring) shaken++, resumed += SSL_session_reused(c->tls);
        c->phase = SENDING;
        return;
    }
    int error = SSL_get_error(c->tls, result);
    if (error == SSL_ERROR_WANT_READ) watch(c, EPOLLIN);
    else if (error == SSL_ERROR_WANT_WRITE) watch(c, EPOLLOUT);
    else fail(c);
}

static void read_answer(struct connection *c) {
    for (;;) {
        ssize_t got = receive(c);
        if (got == 0) {
            watch(c, EPOLLIN);
            return;
        }
        if (got < 0) {
            if (c->phase == CLOSING) {
                close_connection(c);
                rest(c);
            } else {
                fail(c);
            }
            return;
        }
        size_t used = 0;
        if (measuring) answer_bytes += got;
        if (c->phase == HEAD && (used = take_head(c, got)) == 0) {
            fail(c);
            return;
        }
        if (c->phase == BODY) {
            if ((size_t)got - used > c->answer_left) { /* more than was asked for */
                fail(c);
                return;
            }
            c->answer_left -= got - used;
            if (c->answer_left) continue;
            complete(c);
            if (c->phase == IDLE) return;
        }
    }
}

static void advance(struct connection *c) {
    if (c->phase == CONNECTING) {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(c->descriptor, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error) {
            fail(c);
            return;
        }
        c->phase = encrypted ? SHAKING : SENDING;
        if (!encrypted) opening--;
    }
    if (c->phase == SHAKING) shake(c);
    if (c->phase == SENDING) {
        int result = transmit(c);
        if (result < 0) fail(c);
        else if (result == 0) watch(c, EPOLLIN | EPOLLOUT);
        else c->phase = HEAD, watch(c, EPOLLIN);
        return; /* the answer cannot be there yet */
    }
    if (c->phase == HEAD || c->phase == BODY || c->phase == CLOSING) read_answer(c);
}

/* Tickets may come to an idle connection, and it may be closed. */
static void notice(struct connection *c) {
    ssize_t got = receive(c);
    if (got != 0) fail(c);
}

/* Gives requests to idle connections: all that are due. */
static void issue_due(void) {
    double time = now();
    size_t turns = idle_count;
    while (turns-- && idle_count) {
        if (rate && next_due > time) return;
        struct connection *c = idle[idle_first];
        if (c->descriptor < 0 && !fresh && opening >= OPENING_MAX) return;
        idle_first = (idle_first + 1) % connections;
        idle_count--;
        issue(c, rate ? next_due : time);
        if (rate) next_due += 1 / rate;
    }
}

static void read_tokens(const char *name) {
    int file = open(name, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) || !status.st_size) {
        perror(name);
        exit(1);
    }
    tokens = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    size_t room = 1024;
    token_at = calloc(room, sizeof *token_at);
    for (size_t at = 0; at < (size_t)status.st_size;) {
        const char *end = memchr(tokens + at, '\n', status.st_size - at);
        if (!end || end - (tokens + at) > TOKEN_MAX) break;
        at = end + 1 - tokens;
        if (++token_count == room) token_at = realloc(token_at, (room *= 2) * sizeof *token_at);
        token_at[token_count] = at;
    }
}

static void prepare_tls(void) {
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context, "X25519");
    SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\x08http/1.1", 9);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (resume) SSL_CTX_sess_set_new_cb(context, keep_session);
}

static void turn(double until) {
    struct epoll_event events[512];
    double left = until - now();
    if (rate && next_due < until && idle_count) left = next_due - now();
    if (left < 0 || (!rate && idle_count)) left = 0;
    if (left > 0.05) left = 0.05;
    struct timespec timeout = {0, left * 1e9};
    int ready = epoll_pwait2(poller, events, 512, &timeout, NULL);
    for (int i = 0; i < ready; i++) {
        struct connection *c = events[i].data.ptr;
        if (c->descriptor < 0) continue;
        if (c->phase == IDLE) notice(c);
        else advance(c);
    }
    issue_due();
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t share(double part) {
    size_t count = done < LATENCIES_MAX ? done : LATENCIES_MAX;
    return count ? latencies[(size_t)(part * (count - 1))] : 0;
}

static void measure(void) {
    char own[16];
    sprintf(own, "%d", getpid());
    double start = now(), proxy = run_time(proxies), upstream = run_time(upstreams);
    double self = run_time(own), busy = busy_time();
    uint64_t errors_before = errors;
    measuring = 1;
    while (now() < start + measured_seconds) turn(start + measured_seconds);
    measuring = 0;
    proxy = run_time(proxies) - proxy;
    upstream = run_time(upstreams) - upstream;
    self = run_time(own) - self;
    busy = busy_time() - busy;
    double seconds = now() - start;
    qsort(latencies, done < LATENCIES_MAX ? done : LATENCIES_MAX, sizeof *latencies, by_size);
    printf("{\"seconds\": %.4f, \"requests\": %llu, \"errors\": %llu, \"handshakes\": %llu, "
           "\"resumed\": %llu, \"answer_bytes\": %llu, \"p50\": %u, \"p99\": %u, \"proxy\": %.6f, "
           "\"upstream\": %.6f, \"generator\": %.6f, \"busy\": %.3f, \"statuses\": {",
           seconds, (unsigned long long)done, (unsigned long long)(errors - errors_before),
           (unsigned long long)shaken, (unsigned long long)resumed,
           (unsigned long long)answer_bytes, share(0.5), share(0.99), proxy, upstream, self, busy);
    const char *between = "";
    for (int i = 0; i < 600; i++)
        if (statuses[i]) {
            printf("%s\"%d\": %llu", between, i, (unsigned long long)statuses[i]);
            between = ", ";
        }
    printf("}}\n");
}

static int given; /* whether the body is one of a file */

static void read_body(const char *name) {
    FILE *file = fopen(name, "r");
    body_bytes = file ? fread(filler, 1, BODY_WITH_HEAD, file) : 0;
    if (!body_bytes || fgetc(file) != EOF) {
        fprintf(stderr, "generator: no body of 1 to %d bytes in %s\n", BODY_WITH_HEAD, name);
        exit(1);
    }
    fclose(file);
    given = 1;
}

static void read_options(int count, char **words) {
    for (int option; (option = getopt(count, words, "a:c:sg:t:b:j:frq:d:w:n:p:u:")) != -1;)
        switch (option) {
        case 'a': port = atoi(optarg); break;
        case 'c': connections = atoi(optarg); break;
        case 's': encrypted = 1; break;
        case 'g': path = optarg; break;
        case 't': read_tokens(optarg); break;
        case 'b': body_bytes = strtoull(optarg, NULL, 10); break;
        case 'j': read_body(optarg); break;
        case 'f': fresh = 1; break;
        case 'r': resume = 1; break;
        case 'q': rate = atof(optarg); break;
        case 'd': measured_seconds = atof(optarg); break;
        case 'w': warm_seconds = atof(optarg); break;
        case 'n': first_requests = strtoull(optarg, NULL, 10); break;
        case 'p': proxies = optarg; break;
        case 'u': upstreams = optarg; break;
        default: exit(64);
        }
    if (!port || connections < 1 || strlen(path) > 1024) exit(64);
}

int main(int count, char **words) {
    read_options(count, words);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (encrypted) prepare_tls();
    poller = epoll_create1(0);
    all = calloc(connections, sizeof *all);
    idle = calloc(connections, sizeof *idle);
    latencies = malloc(LATENCIES_MAX * sizeof *latencies);
    if (!given) {
        memset(filler, ' ', sizeof filler);
        memcpy(filler, "{\"lines\":[]}", 12);
    }
    size_t room = HEAD_MAX + (body_bytes < BODY_WITH_HEAD ? body_bytes : BODY_WITH_HEAD);
    for (int i = 0; i < connections; i++) {
        all[i].descriptor = -1;
        all[i].request = malloc(room);
        rest(&all[i]);
    }
    double start = now();
    next_due = start;
    while (completed < first_requests || (!fresh && served_once < connections)) {
        if (now() > start + START_SECONDS) {
            fprintf(stderr, "generator: %d of %d connections were answered in %d s\n", served_once,
                    connections, START_SECONDS);
            return 1;
        }
        turn(now() + 0.05);
    }
    double warm = now();
    next_due = warm;
    while (now() < warm + warm_seconds) turn(warm + warm_seconds);
    measure();
    return 0;
}
