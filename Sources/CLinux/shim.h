// Linux system calls that Swift's Glibc module does not import: epoll, eventfd, accept4 and the
// variadic fcntl. Every wrapper answers -errno, because errno may be overwritten by the Swift
// runtime before Swift code can read it.
#ifndef RINGFENCE_CLINUX_H
#define RINGFENCE_CLINUX_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/epoll.h>

static inline int rf_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
#endif
