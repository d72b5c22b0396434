// The process itself: what of its state others may see.
#ifndef RINGFENCE_CLINUX_PROCESS_H
#define RINGFENCE_CLINUX_PROCESS_H
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// A core file, or a debugger of the same user, would hold keys and tokens. 0, or -errno.
static inline int rf_forbid_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0) == 0 ? 0 : -errno;
}
// Bytes of memory the process occupies, libraries included; 0 when the kernel does not say.
static inline int64_t rf_resident_bytes(void) {
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0) return 0;
    text[count] = 0;
    // The first number is the size of the address space, the second what of it is in memory.
    char *second = strchr(text, ' ');
    return second ? strtoll(second, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}
// Gives every whole page the allocator holds free back to the system.
static inline void rf_return_free_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
// Blocks of `large` bytes and more go back to the system when they are freed, and so does what is
// free at the end of a heap beyond `kept`. By itself the allocator raises both bounds to the
// largest block it has seen, and then keeps such blocks for ever, one in each thread.
static inline void rf_bound_free_memory(int large, int kept) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, large);
    mallopt(M_TRIM_THRESHOLD, kept);
#else
    (void)large;
    (void)kept;
#endif
}
// Whom the kernel takes this process for.
static inline uint32_t rf_user_id(void) { return geteuid(); }
static inline int rf_is_terminal(int fd) { return isatty(fd); }
#endif
