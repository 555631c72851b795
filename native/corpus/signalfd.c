// A descriptor for signals, with some unread, and one that epoll watches.
#include "corpus.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>

static int fd, epolls;

static void send_all(void) {
    NEED(kill(getpid(), SIGUSR1) == 0);
    for (int i = 0; i < 2; i++)
        NEED(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7 + i}) == 0);
}

static void set_up(void) {
    sigset_t set;
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 77};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && (fd = signalfd(-1, &set, SFD_NONBLOCK)) >= 0);
    NEED((epolls = epoll_create1(0)) >= 0 && epoll_ctl(epolls, EPOLL_CTL_ADD, fd, &e) == 0);
    send_all();
}

static void check(void) {
    struct epoll_event e;
    struct signalfd_siginfo info;
    KEPT(epoll_wait(epolls, &e, 1, 1000) == 1 && e.data.u64 == 77);
    KEPT(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1 && info.ssi_pid == (uint32_t)getpid());
    for (int i = 0; i < 2; i++)
        KEPT(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == (uint32_t)SIGRTMIN && info.ssi_int == 7 + i);
    KEPT(read(fd, &info, sizeof info) < 0 && errno == EAGAIN);
    send_all();
}

int main(void) {
    return corpus(set_up, check);
}
