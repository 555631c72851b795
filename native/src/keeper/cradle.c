// Process: drover-keeper. Cradles: inits that made their namespaces and joined their cgroups ahead of time, because on
// v1 joining a cgroup waits for RCU, and a network namespace takes a millisecond. A START then costs only its own work.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/// As many as start at once on a usual node while the pool refills behind them; each costs about 800 KiB, most of it the
/// program of its init.
#define POOL_SIZE 3

static _Noreturn void become_init(const struct keeper *k, int control, unsigned number) {
    char paths[HIERARCHY_LIMIT][1100];
    const char *arguments[2 * HIERARCHY_LIMIT + 4] = {"drover-init", k->run_dir};
    size_t count = 2;
    for (size_t i = 0; i < k->cgroups.count; i++) {
        cgroup_path(&k->cgroups, i, number, paths[i], sizeof paths[i]);
        arguments[count++] = k->cgroups.at[i].apart ? k->cgroups.at[i].above : paths[i];
    }
    arguments[count++] = NAMESPACE_HERE;
    for (size_t i = 0; i < k->cgroups.count; i++)
        if (k->cgroups.at[i].apart)
            arguments[count++] = paths[i];
    char *environment[] = {NULL};
    if (control != 3 && dup2(control, 3) < 0)
        _exit(125);
    if (fcntl(3, F_SETFD, 0) < 0)
        _exit(125);
    execve(k->init_path, (char *const *)(uintptr_t)arguments, environment);
    char message[256];
    message[0] = R_FAILED;
    message[1] = 125;
    int n = snprintf(message + 2, sizeof message - 2, "cannot run %s: %s", k->init_path, strerror(errno));
    if (n > 0)
        send(3, message, 2 + (size_t)n, MSG_NOSIGNAL);
    _exit(125);
}

static bool make(struct keeper *k, struct cradle *c) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    int on = 1;
    // The first process names itself: the kernel translates the pid in its credentials into ours.
    if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    unsigned number = k->next_number++;
    struct clone_args arguments = {.flags = CLONE_NEWPID, .exit_signal = SIGCHLD};
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        become_init(k, pair[1], number);
    int error = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        errno = error;
        return false;
    }
    *c = (struct cradle){.pid = pid, .control = pair[0], .number = number};
    return true;
}

bool cradle_pool_is_full(const struct keeper *k) {
    unsigned ready = 0;
    for (struct cradle *c = k->pool; c; c = c->next)
        ready++;
    return ready >= POOL_SIZE;
}

void cradle_fill_pool(struct keeper *k) {
    struct cradle **last = &k->pool;
    while (*last)
        last = &(*last)->next;
    struct cradle *c = calloc(1, sizeof *c);
    if (!c)
        return;
    if (!make(k, c)) {
        note("cannot prepare a guest's namespaces: %s", strerror(errno));
        k->pool_failed = true;
        free(c);
        return;
    }
    *last = c;
}

bool cradle_take(struct keeper *k, struct cradle *c) {
    struct cradle *first = k->pool;
    if (!first)
        return make(k, c);
    k->pool = first->next;
    *c = *first;
    c->next = NULL;
    free(first);
    return true;
}

bool cradle_send(struct cradle *c, const void *message, size_t length, const int *fds, size_t fd_count) {
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)message, length};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > 0) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(h), fds, fd_count * sizeof(int));
    }
    return sendmsg(c->control, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length;
}

void cradle_removed(struct keeper *k, const struct cradle *c) {
    if (!cgroup_remove(&k->cgroups, c->number))
        note("cgroups of guest %u are busy: they stay until the next start of the keeper", c->number);
}

bool cradle_pool_reaped(struct keeper *k, pid_t pid) {
    for (struct cradle **c = &k->pool; *c; c = &(*c)->next)
        if ((*c)->pid == pid) {
            struct cradle *dead = *c;
            char message[256];
            ssize_t n = recv(dead->control, message, sizeof message - 1, MSG_DONTWAIT);
            message[n > 0 ? n : 0] = 0;
            note("a prepared guest ended: %s", n > 2 ? message + 2 : "killed");
            *c = dead->next;
            close(dead->control);
            cradle_removed(k, dead);
            free(dead);
            return true;
        }
    return false;
}

void cradle_end_pool(struct keeper *k) {
    for (struct cradle *c = k->pool; c; c = c->next)
        kill(c->pid, SIGKILL);
}
