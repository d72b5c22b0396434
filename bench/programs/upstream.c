/* The service behind the proxies of the bench: HTTP/1.1, one thread, as cheap as it can be.
 *
 *   upstream PORT | PATH       listens on 127.0.0.1:PORT, or on a Unix socket at PATH
 *
 *   any /bytes/N    N bytes (at most 16 MB), always the same for the same N
 *   any /echo       the request as it arrived, head and body (at most 64 KB)
 *   any other path  178 bytes of JSON
 *
 * Request bodies are read and thrown away. They need a Content-Length: no proxy of the bench has
 * a reason to take it from a request, so one that does is answered 411 and shows up in the check.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEAD_MAX = 65536, PATTERN = 1 << 20, ANSWER_MAX = 16 << 20, EVENTS = 256 };

struct connection {
    int descriptor;
    char *input;                /* the head; for /echo the body too */
    size_t used, capacity;
    uint64_t body_left;         /* of the request */
    uint64_t answer_left;       /* of the answer's body, out of the pattern */
    size_t answer_at;
    char *head;                 /* what is sent before that */
    size_t head_length, head_sent, head_capacity;
    int in_body, echo, close_after, waits_to_write;
    size_t request_head;
};

static char pattern[PATTERN];
static int poller;
static const char small[] =
    "{\"id\":\"ord_01J9Z3K8Q4V7N2R5\",\"status\":\"shipped\",\"lines\":["
    "{\"sku\":\"A-1009\",\"count\":3},{\"sku\":\"B-2040\",\"count\":1}],"
    "\"total\":\"149.97\",\"currency\":\"EUR\",\"placed\":\"2026-11-21T08:00:00Z\"}";

static void end(struct connection *c) {
    close(c->descriptor);
    free(c->input);
    free(c->head);
    free(c);
}

static void watch(struct connection *c, int to_write) {
    if (c->waits_to_write == to_write) return;
    struct epoll_event event = {EPOLLIN | (to_write ? EPOLLOUT : 0), {.ptr = c}};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->descriptor, &event);
    c->waits_to_write = to_write;
}

/* 1 when all is sent, 0 when the peer must read first, -1 when it is gone. */
static int send_answer(struct connection *c) {
    while (c->head_sent < c->head_length || c->answer_left) {
        int head = c->head_sent < c->head_length;
        size_t at = c->answer_at % PATTERN, room = PATTERN - at;
        size_t length = head ? c->head_length - c->head_sent
                             : (c->answer_left < room ? c->answer_left : room);
        ssize_t sent = send(c->descriptor, head ? c->head + c->head_sent : pattern + at, length,
                            MSG_NOSIGNAL | (head && c->answer_left ? MSG_MORE : 0));
        if (sent < 0) {
            if (errno != EAGAIN) return -1;
            watch(c, 1);
            return 0;
        }
        if (head) c->head_sent += sent;
        else c->answer_at += sent, c->answer_left -= sent;
    }
    watch(c, 0);
    return c->close_after ? -1 : 1;
}

static void answer(struct connection *c, const char *status, const char *type, const char *body,
                   size_t length, uint64_t from_pattern) {
    if (c->head_capacity < length + 256)
        c->head = realloc(c->head, c->head_capacity = length + 256);
    int head = sprintf(c->head,
                       "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n\r\n", status,
                       type, (unsigned long long)(length + from_pattern));
    memcpy(c->head + head, body, length);
    c->head_length = head + length;
    c->head_sent = 0;
    c->answer_left = from_pattern;
    c->answer_at = 0;
}

/* The value of a field of a head that ends with a NUL, or NULL. */
static char *field(char *head, const char *name) {
    for (char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, strlen(name))) return line + 2 + strlen(name);
    return NULL;
}

/* The whole request is there: says what is sent. */
static void respond(struct connection *c) {
    char *space = memchr(c->input, ' ', c->request_head);
    const char *path = space ? space + 1 : "";
    if (c->echo) {
        answer(c, "200 OK", "text/plain", c->input, c->used, 0);
    } else if (!strncmp(path, "/bytes/", 7)) {
        uint64_t count = strtoull(path + 7, NULL, 10);
        answer(c, "200 OK", "application/octet-stream", "", 0,
               count < ANSWER_MAX ? count : ANSWER_MAX);
    } else {
        answer(c, "200 OK", "application/json", small, sizeof small - 1, 0);
    }
}

/* A head has arrived: what follows it? */
static void read_head(struct connection *c, char *head_end) {
    c->request_head = head_end - c->input + 4;
    char kept = head_end[2];
    head_end[2] = 0;
    char *length = field(c->input, "content-length:");
    char *chunked = field(c->input, "transfer-encoding:");
    char *connection = field(c->input, "connection:");
    c->close_after = chunked || (connection && !strncasecmp(connection, " close", 6));
    c->body_left = length ? strtoull(length, NULL, 10) : 0;
    head_end[2] = kept;
    char *space = memchr(c->input, ' ', c->request_head);
    c->echo = space && !strncmp(space + 1, "/echo", 5);
    if (chunked) {
        c->body_left = 0;
        answer(c, "411 Length Required", "text/plain", "", 0, 0);
    }
    c->in_body = 1;
}

/* Takes what has arrived; -1 ends the connection. */
static int take(struct connection *c, const char *bytes, size_t count) {
    while (count) {
        if (c->in_body && !c->echo) {
            size_t part = count < c->body_left ? count : c->body_left;
            c->body_left -= part, bytes += part, count -= part;
        } else {
            size_t part = c->in_body && count > c->body_left ? c->body_left : count;
            if (part > HEAD_MAX - c->used) part = HEAD_MAX - c->used;
            if (!part) return -1;
            if (c->used + part + 1 > c->capacity)
                c->input = realloc(c->input, c->capacity = c->used + part + 4096);
            memcpy(c->input + c->used, bytes, part);
            c->used += part, bytes += part, count -= part;
            if (c->in_body) c->body_left -= part;
        }
        if (!c->in_body) {
            c->input[c->used] = 0;
            char *head_end = strstr(c->input, "\r\n\r\n");
            if (!head_end) continue;
            c->head_length = 0;
            read_head(c, head_end);
            /* What came with the head belongs to the body. */
            size_t extra = c->used - c->request_head;
            if (extra > c->body_left) return -1; /* proxies do not pipeline */
            c->body_left -= extra;
        }
        if (c->in_body && !c->body_left) {
            if (!c->head_length) respond(c);
            c->in_body = 0, c->used = 0;
            int sent = send_answer(c);
            if (sent < 0) return -1;
            c->head_length = sent ? 0 : c->head_length;
        }
    }
    return 0;
}

static int listener(const char *where) {
    int port = atoi(where), on = 1, result;
    int descriptor = socket(port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (port) {
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        result = bind(descriptor, (void *)&address, sizeof address);
    } else {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s", where);
        unlink(where);
        result = bind(descriptor, (void *)&address, sizeof address);
    }
    if (result || listen(descriptor, 4096)) {
        perror(where);
        exit(1);
    }
    return descriptor;
}

int main(int count, char **words) {
    if (count != 2) {
        fprintf(stderr, "usage: upstream PORT | PATH\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < PATTERN; i++) pattern[i] = "0123456789abcdef"[(i * 7 + i / 61) & 15];
    int listening = listener(words[1]), on = 1;
    poller = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.ptr = NULL}}, events[EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, listening, &event);
    static char arrived[262144];
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) {
                int accepted;
                while ((accepted = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                    c = calloc(1, sizeof *c);
                    c->descriptor = accepted;
                    event = (struct epoll_event){EPOLLIN, {.ptr = c}};
                    epoll_ctl(poller, EPOLL_CTL_ADD, accepted, &event);
                }
                continue;
            }
            if (c->waits_to_write) {
                /* Nothing is read while an answer waits: the peer reads first. */
                if (send_answer(c) < 0) end(c);
                else if (!c->waits_to_write) c->head_length = 0;
                continue;
            }
            ssize_t got = recv(c->descriptor, arrived, sizeof arrived, 0);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0 || take(c, arrived, got) < 0) end(c);
        }
    }
}
