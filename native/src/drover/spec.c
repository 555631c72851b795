// Process: `drover run`. The description of what this process is, for the guest to become the same.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int usable(const char *path) {
    struct stat st;
    if (stat(path, &st) < 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

char *spec_resolve(const char *name, int *status) {
    int error = ENOENT;
    if (strchr(name, '/')) {
        error = usable(name);
        if (!error)
            return strdup(name);
    } else if (*name) {
        const char *path = getenv("PATH");
        if (!path)
            path = "/usr/local/bin:/usr/bin:/bin";
        for (const char *at = path;; at++) {
            size_t length = strcspn(at, ":");
            char candidate[PATH_MAX];
            if (length + strlen(name) + 2 < sizeof candidate) {
                memcpy(candidate, at, length);
                candidate[length] = '/';
                strcpy(candidate + length + (length > 0), name);
                int e = usable(candidate);
                if (!e)
                    return strdup(candidate);
                if (e == EACCES)
                    error = e; // found, but not executable: remembered if nothing better comes
            }
            at += length;
            if (!*at)
                break;
        }
    }
    *status = error == ENOENT || error == ENOTDIR ? 127 : 126;
    say("drover: cannot run %s: %s", name,
        error == ENOENT && !strchr(name, '/') ? "command not found; is its directory in PATH?" : strerror(error));
    return NULL;
}

static void put_limits(struct bytes *b) {
    static const int kept[] = {RLIMIT_CPU,    RLIMIT_FSIZE,  RLIMIT_DATA,       RLIMIT_STACK,    RLIMIT_CORE,
                               RLIMIT_RSS,    RLIMIT_NPROC,  RLIMIT_NOFILE,     RLIMIT_MEMLOCK,  RLIMIT_AS,
                               RLIMIT_LOCKS,  RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE,   RLIMIT_RTPRIO,
                               RLIMIT_RTTIME};
    put_u32(b, sizeof kept / sizeof *kept);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
        if (getrlimit((__rlimit_resource_t)kept[i], &limit) < 0)
            die("cannot read a resource limit");
        put_u32(b, (uint32_t)kept[i]);
        put_u64(b, limit.rlim_cur);
        put_u64(b, limit.rlim_max);
    }
}

static void put_signals(struct bytes *b) {
    uint64_t ignored = 0, blocked = 0;
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int signo = 1; signo <= 64; signo++) {
        struct sigaction action;
        if (sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            ignored |= 1ull << (signo - 1);
        if (sigismember(&mask, signo) == 1)
            blocked |= 1ull << (signo - 1);
    }
    put_u64(b, ignored);
    put_u64(b, blocked);
}

static void put_texts(struct bytes *b, char **texts) {
    uint32_t count = 0;
    while (texts[count])
        count++;
    put_u32(b, count);
    for (uint32_t i = 0; i < count; i++)
        put_text(b, texts[i]);
}

/// The kernel's own struct termios, which TCSETS takes: the C library's is larger.
struct kernel_termios {
    uint32_t flags[4];
    uint8_t line, characters[19];
};

void spec_put(struct bytes *b, char **command, const char *path, const struct terminal *t, const uint8_t kind[3]) {
    put_u8(b, SPEC_VERSION);
    mode_t mask = umask(0);
    umask(mask);
    put_u32(b, mask);
    errno = 0;
    int nice_value = getpriority(PRIO_PROCESS, 0);
    put_u32(b, (uint32_t)nice_value);
    put_limits(b);
    put_signals(b);
    put_u32(b, (uint32_t)getpid());
    char cwd[PATH_MAX];
    if (!getcwd(cwd, sizeof cwd) || cwd[0] != '/') {
        say("drover: cannot say which directory this is: %s; go to one that exists", strerror(errno ? errno : ENOENT));
        exit(EXIT_DROVER);
    }
    put_text(b, cwd);
    put_text(b, path);
    put_texts(b, command);
    put_texts(b, environ);
    for (int i = 0; i < 3; i++)
        put_u8(b, kind[i]);
    struct winsize size = terminal_size(t);
    put_u16(b, size.ws_row);
    put_u16(b, size.ws_col);
    put_u16(b, size.ws_xpixel);
    put_u16(b, size.ws_ypixel);
    struct kernel_termios modes = {0};
    if (t->fd >= 0 && ioctl(t->fd, TCGETS, &modes) == 0)
        put_str(b, &modes, sizeof modes);
    else
        put_str(b, "", 0);
    put_u8(b, t->reads);
}
