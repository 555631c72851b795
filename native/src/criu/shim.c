// Process: criu, which preloads this (LD_PRELOAD). Three calls that CRIU 4.1 takes for sure and that the kernel refuses
// here get the answer that CRIU could have had in another way, two have a terminal follow, and two spare
// `criu lazy-pages` what it does wrong; all others pass through.
// Nothing of it stays in a guest.
#define _GNU_SOURCE
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIPE_LIMIT_FILE "/proc/sys/fs/pipe-max-size"

void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) {
        fprintf(stderr, "drover-criu.so: there is no %s to pass on to: %s\n", name, dlerror());
        abort();
    }
    return found;
}

// Credentials and labels of senders. From Linux 6.16 on, only sockets that pass them have the options.

static int is_passing_option(int level, int option) {
    return level == SOL_SOCKET && (option == SO_PASSCRED || option == SO_PASSSEC);
}

EXPORTED int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict length) {
    static int (*real)(int, int, int, void *restrict, socklen_t *restrict);
    if (!real)
        real = (int (*)(int, int, int, void *restrict, socklen_t *restrict))next("getsockopt");
    int result = real(fd, level, option, value, length);
    if (result != -1 || errno != EOPNOTSUPP || !is_passing_option(level, option) || *length < sizeof(int))
        return result;
    *(int *)value = 0; // what cannot be on is off
    *length = sizeof(int);
    return 0;
}

// Limits of a process of another user. Reading them wants CAP_SYS_RESOURCE too; /proc tells them to anybody.

static const char *const LIMIT_NAMES[] = {
    [RLIMIT_CPU] = "Max cpu time",
    [RLIMIT_FSIZE] = "Max file size",
    [RLIMIT_DATA] = "Max data size",
    [RLIMIT_STACK] = "Max stack size",
    [RLIMIT_CORE] = "Max core file size",
    [RLIMIT_RSS] = "Max resident set",
    [RLIMIT_NPROC] = "Max processes",
    [RLIMIT_NOFILE] = "Max open files",
    [RLIMIT_MEMLOCK] = "Max locked memory",
    [RLIMIT_AS] = "Max address space",
    [RLIMIT_LOCKS] = "Max file locks",
    [RLIMIT_SIGPENDING] = "Max pending signals",
    [RLIMIT_MSGQUEUE] = "Max msgqueue size",
    [RLIMIT_NICE] = "Max nice priority",
    [RLIMIT_RTPRIO] = "Max realtime priority",
    [RLIMIT_RTTIME] = "Max realtime timeout",
};

static int parse_limit(char **at, rlim64_t *value) {
    *at += strspn(*at, " ");
    if (strncmp(*at, "unlimited", 9) == 0) {
        *value = RLIM64_INFINITY;
        *at += 9;
        return 1;
    }
    char *end;
    errno = 0;
    *value = strtoull(*at, &end, 10);
    int found = end != *at && errno == 0;
    *at = end;
    return found;
}

static int limit_from_proc(pid_t pid, unsigned resource, struct rlimit64 *limit) {
    if (resource >= sizeof LIMIT_NAMES / sizeof *LIMIT_NAMES)
        return 0;
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    FILE *limits = fopen(path, "re");
    if (!limits)
        return 0;
    const char *name = LIMIT_NAMES[resource];
    int found = 0;
    while (!found && fgets(line, sizeof line, limits))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ' ') {
            char *at = line + strlen(name);
            found = parse_limit(&at, &limit->rlim_cur) && parse_limit(&at, &limit->rlim_max);
        }
    fclose(limits);
    return found;
}

/// CRIU asks for limits of the dumped in this way.
EXPORTED long syscall(long number, ...) {
    static long (*real)(long, ...);
    if (!real)
        real = (long (*)(long, ...))next("syscall");
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    long result = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result != -1 || errno != EPERM || number != SYS_prlimit64 || a[2] != 0 || a[3] == 0)
        return result;
    if (limit_from_proc((pid_t)a[0], (unsigned)a[1], (struct rlimit64 *)a[3]))
        return 0;
    errno = EPERM;
    return -1;
}

// See src/keeper/move.c.

extern void __libc_free(void *memory);

EXPORTED void free(void *memory) {
    static int frees = -1; // -1: not asked yet
    if (frees < 0)
        frees = getenv("DROVER_CRIU_FREES_NOTHING") == NULL;
    if (frees)
        __libc_free(memory);
}

// `criu lazy-pages` asks without a pause whether pages have come, as long as any are on their way: a whole core, for as long as
// the network needs. When it has heard nothing twice in a row it has nothing to do but wait. And it takes for an error that it was
// stopped and went on (EINTR, signal(7)), which would end the guest.

#define LOOK_AGAIN_MS 100

EXPORTED int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
    static int (*real)(int, struct epoll_event *, int, int);
    static bool quiet;
    if (!real)
        real = (int (*)(int, struct epoll_event *, int, int))next("epoll_wait");
    int found;
    do
        found = real(epoll, events, most, timeout == 0 && quiet ? LOOK_AGAIN_MS : timeout);
    while (found < 0 && errno == EINTR);
    quiet = found == 0;
    return found;
}

// Pipes larger than the machine grants without CAP_SYS_RESOURCE: CRIU asks for more than it needs.

static long largest_pipe(void) {
    char text[32];
    int fd = open(PIPE_LIMIT_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return atol(text);
}

static int control(const char *name, int fd, int command, void *argument) {
    static int (*real)(int, int, ...);
    if (!real)
        real = (int (*)(int, int, ...))next(name);
    int result = real(fd, command, argument);
    if (result >= 0 || errno != EPERM || command != F_SETPIPE_SZ)
        return result;
    long largest = largest_pipe();
    // A pipe that is as large as can be cannot grow: CRIU takes another one then.
    if (largest > real(fd, F_GETPIPE_SZ) && largest < (int)(intptr_t)argument) {
        result = real(fd, F_SETPIPE_SZ, largest);
        if (result >= 0)
            return result;
    }
    errno = EPERM;
    return -1;
}

EXPORTED int fcntl64(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control("fcntl64", fd, command, argument);
}

#undef fcntl
EXPORTED int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control("fcntl", fd, command, argument);
}

// The controlling terminal. Processes have it by inheritance only, and CRIU gives it to the session's leader when the others
// are born already: they could neither open /dev/tty nor change the foreground. A guest's leader is its pid 1, so here it
// has its terminal as soon as it has its session. The keeper says in TERMINAL which descriptor is the terminal, and in
// FOREGROUND which process group is in the foreground.
#define TERMINAL "DROVER_CRIU_TERMINAL"
#define FOREGROUND "DROVER_CRIU_FOREGROUND"

static int number_in(const char *variable) {
    const char *text = getenv(variable);
    return text && *text ? atoi(text) : -1;
}

EXPORTED pid_t setsid(void) {
    static pid_t (*real)(void);
    if (!real)
        real = (pid_t (*)(void))next("setsid");
    pid_t session = real();
    int terminal = number_in(TERMINAL);
    if (session != 1 || terminal < 0)
        return session;
    if (ioctl(terminal, TIOCSCTTY, 0) < 0) {
        fprintf(stderr, "drover-criu.so: the terminal cannot be the guest's: %s\n", strerror(errno));
        errno = EPERM;
        return -1;
    }
    return session;
}

EXPORTED int setpgid(pid_t pid, pid_t group) {
    static int (*real)(pid_t, pid_t);
    if (!real)
        real = (int (*)(pid_t, pid_t))next("setpgid");
    int result = real(pid, group);
    if (result < 0 || group <= 0 || group != number_in(FOREGROUND))
        return result;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || ioctl(terminal, TIOCSPGRP, &group) < 0)
        result = -1;
    int error = errno;
    if (terminal >= 0)
        close(terminal);
    errno = error;
    return result;
}
