// Process: the guest's first process, between fork and exec (child of drover-init). It takes on what the deputy had at
// home: ids, umask, limits, terminal, signals, directory. A failure is one message on report_fd, which exec closes.
#define _GNU_SOURCE
#include "init.h"
#include "../common/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void fail(int report_fd, uint8_t status, const char *what, const char *name, int error) {
    char message[1024];
    message[0] = (char)status;
    int n = snprintf(message + 1, sizeof message - 1, "cannot %s %s: %s", what, name, strerror(error));
    size_t length = n < 0 ? 1 : (size_t)n >= sizeof message - 1 ? sizeof message - 1 : 1 + (size_t)n;
    if (write(report_fd, message, length) < 0)
        _exit(125); // init sees the end without an exec either way
    _exit(125);
}

static void take_stdio(const struct start *s, const struct start_fds *fds, int report_fd) {
    for (int i = 0; i < 3; i++) {
        int from = -1;
        switch (s->kind[i]) {
            case KIND_CLOSED: close(i); continue;
            case KIND_NULL: from = open("/dev/null", (i == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC); break;
            case KIND_PIPE: from = fds->stdio[i]; break;
            case KIND_TTY: from = fds->pty_slave; break;
            case KIND_SAME: from = 1; break;
            default: break;
        }
        if (from < 0 || dup2(from, i) < 0)
            fail(report_fd, 125, "open standard descriptor", i == 0 ? "0" : i == 1 ? "1" : "2", from < 0 ? EBADF : errno);
    }
}

/// The deputy says what limits it had, and its user may have written the deputy. Only root, and only at home, gets more
/// than the node's administrator gave to drover: who could have had it without drover, too.
static bool may_exceed_node(const struct start *s) { return s->uid == 0 && s->root == 0; }

static void take_limits(const struct start *s, int report_fd) {
    for (uint32_t i = 0; i < s->limit_count; i++) {
        struct rlimit wanted = {s->limits[i].soft, s->limits[i].hard}, here;
        int resource = (int)s->limits[i].resource;
        if (getrlimit(resource, &here) < 0)
            continue; // a limit this kernel does not know
        if (may_exceed_node(s) && setrlimit(resource, &wanted) == 0)
            continue;
        if (wanted.rlim_max > here.rlim_max)
            wanted.rlim_max = here.rlim_max;
        if (wanted.rlim_cur > wanted.rlim_max)
            wanted.rlim_cur = wanted.rlim_max;
        if (setrlimit(resource, &wanted) < 0)
            fail(report_fd, 125, "set", "a resource limit", errno);
    }
}

static void take_ids(const struct start *s, int report_fd) {
    if (setgroups(s->group_count, (const gid_t *)s->groups) < 0)
        fail(report_fd, 125, "take on", "the groups", errno);
    if (setresgid(s->gid, s->gid, s->gid) < 0)
        fail(report_fd, 125, "take on", "the group", errno);
    sandbox_drop_capabilities(s->uid, s->network.kind);
    sandbox_filter_calls();
    if (setresuid(s->uid, s->uid, s->uid) < 0)
        fail(report_fd, 125, "take on", "the user", errno);
}

/// As the kernel has it (rt_sigaction(2)). The C library keeps some signals for itself, which are a program's all the same.
struct disposition {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void take_signals(const struct start *s) {
    for (int signo = 1; signo <= 64; signo++) {
        // the keeper's would be inherited otherwise; SIGKILL and SIGSTOP are refused
        struct disposition d = {.handler = s->ignored & 1ull << (signo - 1) ? SIG_IGN : SIG_DFL};
        syscall(SYS_rt_sigaction, signo, &d, NULL, sizeof d.mask);
    }
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &s->blocked, NULL, sizeof s->blocked);
}

/// A text without #! is a script for the shell, as execvp has it.
static void exec_as_script(const struct start *s) {
    size_t count = 0;
    while (s->arguments[count])
        count++;
    char **arguments = calloc(count + 3, sizeof *arguments);
    if (!arguments)
        return;
    static char shell[] = "/bin/sh";
    arguments[0] = shell;
    arguments[1] = s->path;
    for (size_t i = 1; i < count; i++)
        arguments[i + 1] = s->arguments[i];
    execve(shell, arguments, s->environment);
}

_Noreturn void first_process(const struct start *s, const struct start_fds *fds, int report_fd) {
    static const char tag = R_MAIN;
    control_send(&tag, 1);
    if (setpgid(0, 0) < 0)
        fail(report_fd, 125, "make", "a process group", errno);
    if (fds->pty_slave >= 0) {
        pid_t self = getpid();
        if (ioctl(fds->pty_slave, TIOCSPGRP, &self) < 0)
            fail(report_fd, 125, "take", "the terminal", errno);
    }
    take_stdio(s, fds, report_fd);
    umask((mode_t)s->umask);
    int nice_value = s->nice < 0 && !may_exceed_node(s) ? 0 : s->nice;
    if (setpriority(PRIO_PROCESS, 0, nice_value) < 0 && errno != EACCES && errno != EPERM)
        fail(report_fd, 125, "set", "the priority", errno);
    take_limits(s, report_fd);
    take_ids(s, report_fd);
    if (chdir(s->cwd) < 0)
        fail(report_fd, 125, "enter the directory", s->cwd, errno);
    take_signals(s);
    execve(s->path, s->arguments, s->environment);
    if (errno == ENOEXEC)
        exec_as_script(s);
    int error = errno;
    fail(report_fd, error == ENOENT ? 127 : 126, "run", s->path, error);
}
