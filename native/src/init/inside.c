// Process: drover-init. What makes it a part of its guest that CRIU can dump: a program, standard descriptors, a session
// and a control socket that are the guest's own.
#define _GNU_SOURCE
#include "init.h"
#include "../common/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/// Lies in the guest's own /run. A memfd does not do: CRIU looks for a process's program among regular files only.
#define PROGRAM GUEST_MARK_DIRECTORY "/drover-init"

static void must(int result, const char *what, const char *name) {
    if (result < 0)
        refuse(125, what, name, errno);
}

static void copy_program(int from) {
    struct stat st;
    must(fstat(from, &st), "cannot read", "the program of init");
    int to = open(PROGRAM, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555);
    must(to, "cannot make", PROGRAM);
    for (off_t left = st.st_size; left > 0;) {
        char block[65536];
        ssize_t n = read(from, block, sizeof block);
        if (n == 0)
            errno = EIO;
        if (n <= 0 || write(to, block, (size_t)n) != n)
            refuse(125, "cannot copy", PROGRAM, errno);
        left -= n;
    }
    close(to);
    close(from);
}

static void pass_on(int fd) {
    if (fd >= 0)
        must(fcntl(fd, F_SETFD, 0), "cannot pass on", "a descriptor");
}

static void keep(int fd) {
    if (fd >= 0)
        must(fcntl(fd, F_SETFD, FD_CLOEXEC), "cannot keep", "a descriptor");
}

_Noreturn void inside_go_on(int program, const char *run_dir, const struct prepared *p) {
    copy_program(program);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    must(null, "cannot open", "/dev/null");
    for (int i = 0; i < 3; i++)
        must(dup2(null, i), "cannot open", "/dev/null");
    close(null); // 0..2 were open, so it is none of them
    char node_root[16], last_pid[16];
    snprintf(node_root, sizeof node_root, "%d", p->node_root);
    snprintf(last_pid, sizeof last_pid, "%d", p->last_pid);
    pass_on(CONTROL_FD);
    pass_on(p->node_root);
    pass_on(p->last_pid);
    execl(PROGRAM, "drover-init", INSIDE, run_dir, node_root, last_pid, (char *)NULL);
    refuse(125, "cannot run", PROGRAM, errno);
}

const char *inside_arrive(char **arguments, struct prepared *p) {
    p->node_root = atoi(arguments[3]);
    p->last_pid = atoi(arguments[4]);
    keep(p->node_root);
    keep(p->last_pid);
    must(setsid(), "cannot make", "a session");
    return arguments[2];
}

int inside_renew_control(void) {
    int pair[2], on = 1;
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), "cannot make", "the control socket");
    must(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), "cannot make", "the control socket");
    control_send_fd(R_CONTROL, pair[0]);
    close(pair[0]);
    int before = fcntl(CONTROL_FD, F_DUPFD_CLOEXEC, CONTROL_FD + 1);
    must(before, "cannot keep", "the first control socket");
    must(dup3(pair[1], CONTROL_FD, O_CLOEXEC), "cannot take", "the control socket");
    close(pair[1]);
    return before;
}
