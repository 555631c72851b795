// Process: drover-criu-gate, on the target of a move. A periodic timerfd that has run out and was not read is armed anew only
// when it is read, so the kernel says 0 of when it runs next. CRIU sets it to just that, which disarms it for good. Here it is
// set once more, to run after a whole period, with what is there to read.
#define _GNU_SOURCE
#include "gate.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#ifndef TFD_IOC_SET_TICKS
#define TFD_IOC_SET_TICKS _IOW('T', 0, uint64_t)
#endif

/// Whether the descriptor is a timer that was forgotten so; then its period and what is there to read.
static bool is_forgotten(const char *process, const char *fd, struct itimerspec *next, uint64_t *ticks) {
    char path[600], line[256];
    long long seconds, nanos;
    unsigned long long found = 0;
    bool value = true, period = false;
    snprintf(path, sizeof path, "/proc/%s/fd/%s", process, fd);
    ssize_t n = readlink(path, line, sizeof line - 1);
    if (n < 0)
        return false;
    line[n] = 0;
    if (strcmp(line, "anon_inode:[timerfd]") != 0)
        return false;
    snprintf(path, sizeof path, "/proc/%s/fdinfo/%s", process, fd);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "ticks: %llu", &found);
        if (sscanf(line, "it_value: (%lld, %lld)", &seconds, &nanos) == 2)
            value = seconds != 0 || nanos != 0;
        if (sscanf(line, "it_interval: (%lld, %lld)", &seconds, &nanos) == 2) {
            period = seconds != 0 || nanos != 0;
            next->it_interval = next->it_value = (struct timespec){.tv_sec = seconds, .tv_nsec = nanos};
        }
    }
    if (f)
        fclose(f);
    *ticks = found;
    return found > 0 && period && !value;
}

static bool arm(const char *process, const char *fd, const struct itimerspec *next, uint64_t ticks) {
    int pid = (int)syscall(SYS_pidfd_open, atoi(process), 0);
    int timer = pid < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pid, atoi(fd), 0);
    bool ok = timer >= 0 && timerfd_settime(timer, 0, next, NULL) == 0 && ioctl(timer, TFD_IOC_SET_TICKS, &ticks) == 0;
    int error = errno;
    if (timer >= 0)
        close(timer);
    if (pid >= 0)
        close(pid);
    errno = error;
    return ok;
}

static bool keep_those_of(const char *process, char why[OBJECTION_BYTES]) {
    char path[300];
    struct itimerspec next;
    uint64_t ticks;
    bool ok = true;
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    DIR *all = opendir(path);
    for (struct dirent *e; ok && all && (e = readdir(all));)
        if (e->d_name[0] != '.' && is_forgotten(process, e->d_name, &next, &ticks) && !arm(process, e->d_name, &next, ticks)) {
            snprintf(why, OBJECTION_BYTES, "a timer of process %.20s cannot be set again: %s", process, strerror(errno));
            ok = false;
        }
    if (all)
        closedir(all);
    return ok;
}

bool keep_timers_going(int init, char why[OBJECTION_BYTES]) {
    char number[32];
    bool ok = true;
    snprintf(number, sizeof number, "%d", init);
    DIR *all = opendir("/proc");
    for (struct dirent *e; ok && all && (e = readdir(all));)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_same_namespace(e->d_name, number, "pid"))
            ok = keep_those_of(e->d_name, why);
    if (all)
        closedir(all);
    return ok;
}
