// The process itself: what of its state others may see.
#ifndef RINGFENCE_CLINUX_PROCESS_H
#define RINGFENCE_CLINUX_PROCESS_H
#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

// A core file, or a debugger of the same user, would hold keys and tokens. 0, or -errno.
static inline int rf_forbid_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0) == 0 ? 0 : -errno;
}
static inline int rf_is_terminal(int fd) { return isatty(fd); }
#endif
