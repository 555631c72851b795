// Descriptors of processes: of a child that runs, and of one that has ended.
#include "corpus.h"

#include <poll.h>
#include <sys/syscall.h>

static pid_t pid, other;
static int running, ended;

static void wait_for_ever(void *with) {
    (void)with;
    pause();
}

static void start(void) {
    pid = child(wait_for_ever, NULL);
    NEED((running = (int)syscall(SYS_pidfd_open, pid, 0)) >= 0);
}

static void set_up(void) {
    start();
    other = child(wait_for_ever, NULL);
    NEED((ended = (int)syscall(SYS_pidfd_open, other, 0)) >= 0);
    NEED(kill(other, SIGKILL) == 0 && waitpid(other, NULL, 0) == other);
}

static void check(void) {
    struct pollfd p = {running, POLLIN, 0};
    siginfo_t info;
    KEPT(poll(&p, 1, 0) == 0);
    KEPT(syscall(SYS_pidfd_send_signal, running, 0, NULL, 0) == 0);
    KEPT(syscall(SYS_pidfd_send_signal, running, SIGUSR1, NULL, 0) == 0);
    KEPT(poll(&p, 1, 2000) == 1);
    KEPT(waitid(P_PIDFD, (id_t)running, &info, WEXITED) == 0 && info.si_pid == pid && info.si_status == SIGUSR1);
    KEPT(syscall(SYS_pidfd_send_signal, ended, 0, NULL, 0) < 0 && errno == ESRCH);
    close(running);
    start();
}

int main(void) {
    return corpus(set_up, check);
}
