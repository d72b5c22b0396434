// The process itself: its parent, its environment, its standard streams.
#ifndef RINGFENCE_CLINUX_PROCESS_H
#define RINGFENCE_CLINUX_PROCESS_H
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

// The kernel kills us when the thread that started us ends. 0, or -errno.
static inline int rf_die_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : -errno;
}
static inline int rf_parent(void) { return getppid(); }
// A core file or a debugger's view of another user would hold keys and tokens.
static inline int rf_forbid_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0) == 0 ? 0 : -errno;
}
static inline int rf_is_terminal(int fd) { return isatty(fd); }
static inline const char *rf_environment(const char *name) { return getenv(name); }
static inline ssize_t rf_write_all(int fd, const void *bytes, size_t count) {
    const char *at = (const char *)bytes;
    size_t left = count;
    while (left > 0) {
        ssize_t written = write(fd, at, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return -errno;
        at += written;
        left -= (size_t)written;
    }
    return (ssize_t)count;
}
#endif
