// Linux system calls that Swift's Glibc module does not import or imports badly: epoll, eventfd,
// signalfd, sockaddr unions, macros and variadics. Every wrapper answers -errno, because errno may
// be overwritten by the Swift runtime before Swift code can read it. Calls that may be interrupted
// are retried here, close() excepted: after EINTR Linux has already freed the descriptor.
#ifndef RINGFENCE_CLINUX_H
#define RINGFENCE_CLINUX_H
// Not under _GNU_SOURCE: Swift's Glibc module is built without it, and a program that imports both
// is refused for two definitions of fd_set. What only GNU headers declare is called by number.
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RF_RETRY(result, call) \
    do { (result) = (call); } while ((result) < 0 && errno == EINTR)

static inline int rf_result(int result) { return result < 0 ? -errno : result; }

// --- Clocks -----------------------------------------------------------------------------------

static inline uint64_t rf_monotonic_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline int64_t rf_wall_clock(uint32_t *nanoseconds) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    *nanoseconds = (uint32_t)t.tv_nsec;
    return (int64_t)t.tv_sec;
}

// --- Descriptors ------------------------------------------------------------------------------

static inline void rf_close(int fd) { (void)close(fd); }

static inline int rf_open(const char *path, int flags, unsigned mode) {
    int fd;
    RF_RETRY(fd, open(path, flags | O_CLOEXEC, (mode_t)mode));
    return rf_result(fd);
}

// Descriptors 0 to 2 that are closed get /dev/null, to be read only: what is written to one that
// was closed on purpose fails with EBADF, as it would have.
static inline void rf_prepare_standard_descriptors(void) {
    // A reader that has gone is EPIPE, which is no fault, and not a signal that kills.
    signal(SIGPIPE, SIG_IGN);
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            if (open("/dev/null", O_RDONLY) != fd) return;
        }
    }
}

// Where a path leads, links followed; NULL where it is longer than `size`, or nothing is there.
static inline const char *rf_real_path(const char *path, char *into, size_t size) {
    char *real = realpath(path, NULL);
    if (real == NULL) return NULL;
    size_t length = strlen(real);
    if (length < size) memcpy(into, real, length + 1);
    free(real);
    return length < size ? into : NULL;
}

// Whether whoever started us has the signal ignored, as nohup does.
static inline int rf_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static inline int rf_duplicate(int fd) { return rf_result(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

static inline long rf_read(int fd, void *into, size_t count) {
    ssize_t n;
    RF_RETRY(n, read(fd, into, count));
    return n < 0 ? -errno : n;
}

static inline long rf_write(int fd, const void *from, size_t count) {
    ssize_t n;
    RF_RETRY(n, write(fd, from, count));
    return n < 0 ? -errno : n;
}

// Readiness of one descriptor, waiting at most `timeout` ms; EINTR answers 0 ("nothing yet").
static inline int rf_poll(int fd, short events, int timeout) {
    struct pollfd p = {.fd = fd, .events = events, .revents = 0};
    int n = poll(&p, 1, timeout);
    if (n < 0) return errno == EINTR ? 0 : -errno;
    return n == 0 ? 0 : p.revents;
}
static inline int rf_poll_readable(int fd, int timeout) { return rf_poll(fd, POLLIN, timeout); }
static inline int rf_poll_writable(int fd, int timeout) { return rf_poll(fd, POLLOUT, timeout); }

struct rf_file {
    uint64_t device, inode, size;
    uint32_t mode, owner;
};

static inline void rf_file_fill(struct rf_file *out, const struct stat *s) {
    out->device = (uint64_t)s->st_dev;
    out->inode = (uint64_t)s->st_ino;
    out->size = (uint64_t)s->st_size;
    out->mode = (uint32_t)s->st_mode;
    out->owner = (uint32_t)s->st_uid;
}
static inline int rf_stat(const char *path, int follow, struct rf_file *out) {
    struct stat s;
    int r = follow ? stat(path, &s) : lstat(path, &s);
    if (r < 0) return -errno;
    rf_file_fill(out, &s);
    return 0;
}
static inline int rf_fstat(int fd, struct rf_file *out) {
    struct stat s;
    if (fstat(fd, &s) < 0) return -errno;
    rf_file_fill(out, &s);
    return 0;
}
static inline int rf_is_regular(uint32_t mode) { return S_ISREG(mode); }
static inline int rf_is_socket(uint32_t mode) { return S_ISSOCK(mode); }
static inline int rf_is_pipe(uint32_t mode) { return S_ISFIFO(mode); }
static inline int rf_is_non_blocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK) != 0;
}
static inline int rf_unlink(const char *path) { return rf_result(unlink(path)); }
static inline int rf_rename(const char *from, const char *to) {
    return rf_result(rename(from, to));
}
static inline int rf_chmod(const char *path, unsigned mode) {
    return rf_result(chmod(path, (mode_t)mode));
}
static inline int rf_fsync(int fd) { return rf_result(fsync(fd)); }
static inline int rf_try_lock(int fd) { return rf_result(flock(fd, LOCK_EX | LOCK_NB)); }
static inline void rf_pause(unsigned milliseconds) {
    struct timespec t = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static inline long rf_random(void *into, size_t count) {
    ssize_t n;
    RF_RETRY(n, getrandom(into, count, 0));
    return n < 0 ? -errno : n;
}

// Raises the soft limit of open descriptors to `wanted` or the hard limit; answers the new one.
static inline long rf_raise_descriptor_limit(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    rlim_t target = wanted < limit.rlim_max ? (rlim_t)wanted : limit.rlim_max;
    if (target > limit.rlim_cur) {
        limit.rlim_cur = target;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    }
    return (long)limit.rlim_cur;
}

// --- epoll ------------------------------------------------------------------------------------

static inline int rf_epoll_create(void) { return rf_result(epoll_create1(EPOLL_CLOEXEC)); }

static inline int rf_epoll_add(int epoll, int fd, uint64_t key) {
    struct epoll_event e;
    e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.u64 = key;
    return rf_result(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e));
}
static inline int rf_epoll_modify(int epoll, int fd, uint64_t key) {
    struct epoll_event e;
    e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.u64 = key;
    return rf_result(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e));
}
static inline int rf_epoll_remove(int epoll, int fd) {
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    return rf_result(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &e));
}
// struct epoll_event is packed on x86-64, so Swift only sees untyped memory.
static inline size_t rf_epoll_event_size(void) { return sizeof(struct epoll_event); }
static inline int rf_epoll_wait(int epoll, void *events, int max, int timeout) {
    int n = epoll_wait(epoll, (struct epoll_event *)events, max, timeout);
    if (n < 0) return errno == EINTR ? 0 : -errno;
    return n;
}
static inline uint64_t rf_epoll_key(const void *events, int index) {
    return ((const struct epoll_event *)events)[index].data.u64;
}
static inline uint32_t rf_epoll_bits(const void *events, int index) {
    return ((const struct epoll_event *)events)[index].events;
}
static inline int rf_bits_readable(uint32_t b) {
    return (b & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
}
static inline int rf_bits_writable(uint32_t b) {
    return (b & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
}
static inline int rf_bits_peer_closed(uint32_t b) { return (b & (EPOLLRDHUP | EPOLLHUP)) != 0; }
static inline int rf_bits_error(uint32_t b) { return (b & EPOLLERR) != 0; }

// --- eventfd, signalfd ------------------------------------------------------------------------

static inline int rf_eventfd(int semaphore) {
    return rf_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | (semaphore ? EFD_SEMAPHORE : 0)));
}
static inline int rf_eventfd_add(int fd, uint64_t value) {
    long n = rf_write(fd, &value, sizeof value);
    return n < 0 ? (int)n : 0;
}
// 1 when something was taken, 0 when the counter was zero.
static inline int rf_eventfd_take(int fd) {
    uint64_t value;
    long n = rf_read(fd, &value, sizeof value);
    if (n < 0) return n == -EAGAIN ? 0 : (int)n;
    return 1;
}

static inline void rf_stop_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}
static inline int rf_block_signals(void) {
    sigset_t set;
    rf_stop_signals(&set);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -errno;
    return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}
static inline void rf_ignore_broken_pipe(void) { (void)signal(SIGPIPE, SIG_IGN); }
static inline int rf_signalfd(void) {
    sigset_t set;
    rf_stop_signals(&set);
    return rf_result(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}
static inline int rf_next_signal(int fd) {
    struct signalfd_siginfo info;
    long n = rf_read(fd, &info, sizeof info);
    if (n < 0) return (int)n;
    return n == (long)sizeof info ? (int)info.ssi_signo : -EIO;
}
static inline int rf_signal_thread(int number) { return -pthread_kill(pthread_self(), number); }

// --- Addresses --------------------------------------------------------------------------------

// kind: 4, 6, 1 for Unix. `ip` is in network order and IPv4-mapped for kind 4.
struct rf_address {
    uint8_t ip[16];
    char path[108];
    uint16_t port;
    uint8_t kind;
};

static inline socklen_t rf_to_sockaddr(const struct rf_address *a, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (a->kind == 4) {
        struct sockaddr_in *s = (struct sockaddr_in *)out;
        s->sin_family = AF_INET;
        s->sin_port = htons(a->port);
        memcpy(&s->sin_addr, a->ip + 12, 4);
        return sizeof *s;
    }
    if (a->kind == 6) {
        struct sockaddr_in6 *s = (struct sockaddr_in6 *)out;
        s->sin6_family = AF_INET6;
        s->sin6_port = htons(a->port);
        memcpy(&s->sin6_addr, a->ip, 16);
        return sizeof *s;
    }
    struct sockaddr_un *s = (struct sockaddr_un *)out;
    s->sun_family = AF_UNIX;
    size_t n = strnlen(a->path, sizeof s->sun_path - 1);
    memcpy(s->sun_path, a->path, n);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
}

static inline void rf_from_sockaddr(const struct sockaddr_storage *s, struct rf_address *out) {
    memset(out, 0, sizeof *out);
    if (s->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)s;
        out->kind = 4;
        out->port = ntohs(in->sin_port);
        out->ip[10] = 0xff;
        out->ip[11] = 0xff;
        memcpy(out->ip + 12, &in->sin_addr, 4);
    } else if (s->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)s;
        out->kind = 6;
        out->port = ntohs(in->sin6_port);
        memcpy(out->ip, &in->sin6_addr, 16);
    } else {
        out->kind = 1;
    }
}

// --- Sockets ----------------------------------------------------------------------------------

static inline int rf_domain(const struct rf_address *a) {
    return a->kind == 4 ? AF_INET : a->kind == 6 ? AF_INET6 : AF_UNIX;
}
static inline int rf_stream_socket(const struct rf_address *a) {
    return rf_result(socket(rf_domain(a), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}
static inline int rf_set(int fd, int level, int option, int value) {
    return rf_result(setsockopt(fd, level, option, &value, sizeof value));
}
static inline int rf_get(int fd, int level, int option, int *value) {
    socklen_t n = sizeof *value;
    return rf_result(getsockopt(fd, level, option, value, &n));
}
static inline int rf_reuse_address(int fd) { return rf_set(fd, SOL_SOCKET, SO_REUSEADDR, 1); }
static inline int rf_no_delay(int fd) { return rf_set(fd, IPPROTO_TCP, TCP_NODELAY, 1); }
static inline int rf_unsent_low_mark(int fd, int bytes) {
    return rf_set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, bytes);
}
static inline int rf_has_no_delay(int fd) {
    int value = 0;
    int r = rf_get(fd, IPPROTO_TCP, TCP_NODELAY, &value);
    return r < 0 ? r : value != 0;
}
static inline int rf_accept_both_families(int fd) {
    return rf_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
}
static inline int rf_send_buffer(int fd, int bytes) {
    return rf_set(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}
static inline int rf_receive_buffer(int fd, int bytes) {
    return rf_set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}
// Closing sends RST instead of FIN, and nothing waits in TIME_WAIT.
static inline int rf_reset_on_close(int fd) {
    struct linger l = {.l_onoff = 1, .l_linger = 0};
    return rf_result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l));
}
static inline int rf_bind(int fd, const struct rf_address *a) {
    struct sockaddr_storage s;
    socklen_t n = rf_to_sockaddr(a, &s);
    return rf_result(bind(fd, (struct sockaddr *)&s, n));
}
static inline int rf_listen(int fd, int backlog) { return rf_result(listen(fd, backlog)); }
// Not retried: an interrupted connect goes on by itself, so EINTR means "in progress" too.
static inline int rf_connect(int fd, const struct rf_address *a) {
    struct sockaddr_storage s;
    socklen_t n = rf_to_sockaddr(a, &s);
    if (connect(fd, (struct sockaddr *)&s, n) == 0) return 0;
    return errno == EINTR ? -EINPROGRESS : -errno;
}
static inline int rf_pending_error(int fd) {
    int value = 0;
    int r = rf_get(fd, SOL_SOCKET, SO_ERROR, &value);
    return r < 0 ? r : -value;
}
static inline int rf_accept(int fd, struct rf_address *peer) {
    struct sockaddr_storage s;
    socklen_t n = sizeof s;
    int accepted;
    memset(&s, 0, sizeof s);
    RF_RETRY(accepted, (int)syscall(SYS_accept4, fd, &s, &n, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted < 0) return -errno;
    rf_from_sockaddr(&s, peer);
    return accepted;
}
static inline int rf_local_address(int fd, struct rf_address *out) {
    struct sockaddr_storage s;
    socklen_t n = sizeof s;
    memset(&s, 0, sizeof s);
    if (getsockname(fd, (struct sockaddr *)&s, &n) < 0) return -errno;
    rf_from_sockaddr(&s, out);
    return 0;
}
static inline int rf_peer_address(int fd, struct rf_address *out) {
    struct sockaddr_storage s;
    socklen_t n = sizeof s;
    memset(&s, 0, sizeof s);
    if (getpeername(fd, (struct sockaddr *)&s, &n) < 0) return -errno;
    rf_from_sockaddr(&s, out);
    return 0;
}
static inline int rf_socket_pair(int *out) {
    return rf_result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, out));
}
static inline long rf_receive(int fd, void *into, size_t count) {
    ssize_t n;
    RF_RETRY(n, recv(fd, into, count, 0));
    return n < 0 ? -errno : n;
}
static inline long rf_receive_two(
    int fd, void *first, size_t firstCount, void *second, size_t secondCount) {
    struct iovec parts[2] = {{first, firstCount}, {second, secondCount}};
    ssize_t n;
    RF_RETRY(n, readv(fd, parts, 2));
    return n < 0 ? -errno : n;
}
static inline long rf_send(int fd, const void *from, size_t count) {
    ssize_t n;
    RF_RETRY(n, send(fd, from, count, MSG_NOSIGNAL | MSG_DONTWAIT));
    return n < 0 ? -errno : n;
}
static inline long rf_send_two(
    int fd, const void *first, size_t firstCount, const void *second, size_t secondCount) {
    struct iovec parts[2] = {{(void *)first, firstCount}, {(void *)second, secondCount}};
    struct msghdr message;
    ssize_t n;
    memset(&message, 0, sizeof message);
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    RF_RETRY(n, sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
    return n < 0 ? -errno : n;
}
static inline int rf_shutdown_write(int fd) { return rf_result(shutdown(fd, SHUT_WR)); }

// --- Names ------------------------------------------------------------------------------------

// Up to `max` addresses of `name`, 16 bytes each, IPv4 as IPv4-mapped, in the order of the
// resolver. Answers how many, or an EAI_* code, which are negative.
static inline int rf_resolve(const char *name, uint8_t *out, int max) {
    struct addrinfo hints, *list = NULL;
    int found = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    int code = getaddrinfo(name, NULL, &hints, &list);
    if (code != 0) return code < 0 ? code : -code;
    for (struct addrinfo *a = list; a != NULL && found < max; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6) continue;
        struct sockaddr_storage s;
        struct rf_address converted;
        memset(&s, 0, sizeof s);
        memcpy(&s, a->ai_addr, a->ai_addrlen);
        rf_from_sockaddr(&s, &converted);
        memcpy(out + 16 * found, converted.ip, 16);
        found++;
    }
    freeaddrinfo(list);
    return found;
}
static inline int rf_name_is_unknown(int code) {
    return code == EAI_NONAME || code == -5;  // -5 is EAI_NODATA, which needs _GNU_SOURCE.
}
static inline int rf_name_may_come(int code) { return code == EAI_AGAIN; }

// --- Threads ----------------------------------------------------------------------------------

static inline int rf_thread_start(
    pthread_t *out, size_t stackBytes, void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    int r = pthread_attr_init(&attributes);
    if (r != 0) return -r;
    r = pthread_attr_setstacksize(&attributes, stackBytes);
    if (r == 0) r = pthread_create(out, &attributes, body, argument);
    (void)pthread_attr_destroy(&attributes);
    return -r;
}
// Ends this process when the thread that started it ends: what a child must not outlive.
static inline int rf_end_with_parent(void) {
    return rf_result(prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0, 0, 0));
}
static inline pid_t rf_parent(void) { return getppid(); }
// The working folder, or NULL; the buffer's bytes hold it.
static inline const char *rf_working_folder(char *buffer, size_t count) {
    return getcwd(buffer, count);
}

// The value of an environment variable, or NULL; valid until the environment changes, which ours
// never does.
static inline const char *rf_environment(const char *name) { return getenv(name); }

// Names the calling thread; Linux keeps 15 bytes.
static inline void rf_thread_name(const char *name) {
    (void)prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
}

#define RF_CORES_MAX 1024
#define RF_CORE_BITS (8 * sizeof(unsigned long))
struct rf_cores { unsigned long bits[RF_CORES_MAX / RF_CORE_BITS]; };

static inline int rf_cores_max(void) { return RF_CORES_MAX; }
// The cores the calling thread may run on.
static inline int rf_cores_usable(struct rf_cores *out) {
    memset(out, 0, sizeof *out);
    return (int)(syscall(SYS_sched_getaffinity, 0, sizeof *out, out) < 0 ? -errno : 0);
}
static inline int rf_cores_contain(const struct rf_cores *cores, int core) {
    if (core < 0 || core >= RF_CORES_MAX) return 0;
    return (int)(cores->bits[(size_t)core / RF_CORE_BITS] >> ((size_t)core % RF_CORE_BITS)) & 1;
}
// Binds the calling thread to one core.
static inline int rf_pin(int core) {
    struct rf_cores cores;
    if (core < 0 || core >= RF_CORES_MAX) return -EINVAL;
    memset(&cores, 0, sizeof cores);
    cores.bits[(size_t)core / RF_CORE_BITS] = 1ul << ((size_t)core % RF_CORE_BITS);
    return (int)(syscall(SYS_sched_setaffinity, 0, sizeof cores, &cores) < 0 ? -errno : 0);
}
#include "folder_shim.h"
#include "process_shim.h"
#endif
