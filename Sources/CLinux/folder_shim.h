// Folders, and the names of the environment: what is read at start and on a reload.
#ifndef RINGFENCE_CLINUX_FOLDER_H
#define RINGFENCE_CLINUX_FOLDER_H
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

// 0 and an open folder, or -errno.
static inline int rf_folder_open(const char *path, DIR **out) {
    *out = opendir(path);
    return *out ? 0 : -errno;
}
// The next name, valid until the next call, or NULL; then `*failure` is 0 at the end, or -errno.
static inline const char *rf_folder_next(DIR *folder, int *failure) {
    errno = 0;
    struct dirent *entry = readdir(folder);
    *failure = entry ? 0 : -errno;
    return entry ? entry->d_name : NULL;
}
static inline void rf_folder_close(DIR *folder) { (void)closedir(folder); }
static inline int rf_folder_make(const char *path, unsigned mode) {
    return mkdir(path, (mode_t)mode) < 0 ? -errno : 0;
}
extern char **environ;
// `NAME=VALUE` number `index` of the environment, or NULL behind the last.
static inline const char *rf_environment_at(long index) { return environ ? environ[index] : NULL; }
#endif
