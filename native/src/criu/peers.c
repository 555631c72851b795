// Process: criu, which preloads this as a part of drover-criu.so. Whoever asks for the other end of a Unix socket (SO_PEERCRED) hears
// who made the pair, or who listened. CRIU does both as root; here it does so as the job's user, who did so before.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The job's user, and its groups with commas between, its own first. Said where a guest is restored.
#define UID "DROVER_UID"
#define GROUPS "DROVER_GROUPS"

/// Of this thread alone: the C library would tell all threads that it knows of, which CRIU's clones are not.
static bool take_ids(uid_t uid, gid_t gid) {
    bool is_root = geteuid() == 0;
    return (is_root || syscall(SYS_setresuid, -1, uid, -1) == 0) && syscall(SYS_setresgid, -1, gid, -1) == 0
        && (!is_root || syscall(SYS_setresuid, -1, uid, -1) == 0);
}

/// Whether this thread acts for the job's user from now on; root's jobs need none of that.
static bool act_for_user(int domain) {
    const char *uid = getenv(UID), *groups = getenv(GROUPS);
    if (domain != AF_UNIX || geteuid() != 0 || !uid || !groups || strtoul(uid, NULL, 10) == 0)
        return false;
    return take_ids((uid_t)strtoul(uid, NULL, 10), (gid_t)strtoul(groups, NULL, 10));
}

/// Who is not root again would be a guest's process with another's rights.
static void act_for_root(void) {
    int error = errno;
    if (!take_ids(0, getgid())) {
        fprintf(stderr, "drover-criu.so: CRIU cannot be root again\n");
        abort();
    }
    errno = error;
}

EXPORTED int socketpair(int domain, int type, int protocol, int pair[2]) {
    static int (*real)(int, int, int, int[2]);
    if (!real)
        real = (int (*)(int, int, int, int[2]))next("socketpair");
    bool acts = act_for_user(domain);
    int result = real(domain, type, protocol, pair);
    if (acts)
        act_for_root();
    return result;
}

EXPORTED int listen(int fd, int backlog) {
    static int (*real)(int, int);
    if (!real)
        real = (int (*)(int, int))next("listen");
    int domain = 0;
    socklen_t length = sizeof domain;
    bool acts = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && act_for_user(domain);
    int result = real(fd, backlog);
    if (acts)
        act_for_root();
    return result;
}
