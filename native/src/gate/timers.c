// Process: drover-criu-gate, on the target of a move. A periodic timerfd that has run out and was not read is armed anew only
// when it is read, so the kernel says 0 of when it runs next. CRIU sets it to just that, which disarms it for good. Here it is
// set once more, to run after a whole period, with what is there to read.
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
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
    if (!descriptor_is(process, fd, "anon_inode:[timerfd]"))
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
    int timer = take_descriptor(process, fd);
    if (timer < 0)
        return false;
    bool ok = timerfd_settime(timer, 0, next, NULL) == 0 && ioctl(timer, TFD_IOC_SET_TICKS, &ticks) == 0;
    int error = errno;
    close(timer);
    errno = error;
    return ok;
}

struct timers {
    const char *process;
    char *why;
};

static bool keep_one(const char *fd, void *with) {
    const struct timers *t = with;
    struct itimerspec next;
    uint64_t ticks;
    if (!is_forgotten(t->process, fd, &next, &ticks) || arm(t->process, fd, &next, ticks))
        return true;
    snprintf(t->why, OBJECTION_BYTES, "a timer of process %.20s cannot be set again: %s", t->process, strerror(errno));
    return false;
}

static bool keep_those_of(const char *process, void *with) {
    struct timers *t = with;
    t->process = process;
    return each_descriptor(process, keep_one, t);
}

bool keep_timers_going(int init, char why[OBJECTION_BYTES]) {
    struct timers t = {NULL, why};
    return each_process(init, keep_those_of, &t);
}
