/* Who has used the CPUs, as the scheduler counts it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds that all threads of the processes in a list have run. */
static double run_time(const char *list) {
    double total = 0;
    char words[512], name[300], text[128], *rest;
    snprintf(words, sizeof words, "%s", list);
    for (char *pid = strtok_r(words, ",", &rest); pid; pid = strtok_r(NULL, ",", &rest)) {
        snprintf(name, sizeof name, "/proc/%s/task", pid);
        DIR *tasks = opendir(name);
        if (!tasks) continue;
        for (struct dirent *task; (task = readdir(tasks));) {
            if (task->d_name[0] == '.') continue;
            snprintf(name, sizeof name, "/proc/%s/task/%.20s/schedstat", pid, task->d_name);
            FILE *file = fopen(name, "r");
            if (!file) continue;
            if (fgets(text, sizeof text, file)) total += strtoull(text, NULL, 10) * 1e-9;
            fclose(file);
        }
        closedir(tasks);
    }
    return total;
}

/* Seconds that all CPUs have been used, by anybody. */
static double busy_time(void) {
    unsigned long long v[8] = {0};
    FILE *file = fopen("/proc/stat", "r");
    int fields = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3,
                        v + 4, v + 5, v + 6, v + 7);
    fclose(file);
    if (fields < 8) return 0;
    return (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / sysconf(_SC_CLK_TCK);
}
