// Process: the deputy. Home's terminal: raw while the job is in its foreground, as it was otherwise.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

void terminal_find(struct terminal *t) {
    *t = (struct terminal){.fd = -1};
    struct stat first = {0}, other;
    for (int fd = 0; fd < 3; fd++) {
        if (!isatty(fd) || fstat(fd, &other) < 0)
            continue;
        if (t->fd < 0) {
            t->fd = fd;
            first = other;
        }
        if (other.st_rdev != first.st_rdev)
            continue; // a second terminal is a plain file to the job
        t->reads |= fd == 0;
        t->writes |= fd == 1;
    }
    if (t->fd >= 0 && tcgetattr(t->fd, &t->original) < 0)
        t->fd = -1;
}

bool terminal_foreground(const struct terminal *t) {
    // Not our controlling terminal (ENOTTY): no shell does job control on it, so it is always ours.
    pid_t group = tcgetpgrp(t->fd);
    return group < 0 ? errno == ENOTTY : group == getpgrp();
}

void terminal_raw(struct terminal *t) {
    if (!t->reads || t->raw || !terminal_foreground(t) || tcgetattr(t->fd, &t->original) < 0)
        return;
    struct termios raw = t->original;
    cfmakeraw(&raw);
    if (!t->writes) // others print on it by themselves
        raw.c_oflag = t->original.c_oflag;
    t->raw = tcsetattr(t->fd, TCSADRAIN, &raw) == 0;
}

void terminal_restore(struct terminal *t) {
    if (t->raw)
        tcsetattr(t->fd, TCSADRAIN, &t->original);
    t->raw = false;
}

struct winsize terminal_size(const struct terminal *t) {
    struct winsize size = {0};
    if (t->fd >= 0 && ioctl(t->fd, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    return size;
}
