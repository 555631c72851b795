// A call filter (seccomp) of a child, besides that of each guest.
#include "corpus.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int parent_end, child_end;

static bool filter(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcpu, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool is_filtered(void) {
    return syscall(SYS_getcpu, NULL, NULL, NULL) < 0 && errno == EXDEV;
}

static void live_filtered(void *with) {
    char c;
    (void)with;
    NEED(filter());
    while (read(child_end, &c, 1) == 1) {
        c = is_filtered() && syscall(SYS_keyctl, 0, 0, 0, 0, 0) < 0 && errno == EPERM ? 'y' : 'n'; // ours, and each guest's
        if (write(child_end, &c, 1) != 1)
            return;
    }
}

static void set_up(void) {
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    parent_end = pair[0];
    child_end = pair[1];
    child(live_filtered, NULL);
}

static void check(void) {
    char c = '?';
    KEPT(write(parent_end, &c, 1) == 1 && read(parent_end, &c, 1) == 1 && c == 'y');
    KEPT(!is_filtered());
}

int main(void) {
    return corpus(set_up, check);
}
