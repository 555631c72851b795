// epoll on a descriptor that was closed here, and whose file a child has open: it is told of still.
#include "corpus.h"

#include <sys/epoll.h>

static int epolls, pipes[2];

static void hold(void *with) {
    (void)with;
    pause();
}

static void set_up(void) {
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 9};
    NEED((epolls = epoll_create1(0)) >= 0 && pipe(pipes) == 0);
    child(hold, NULL);
    NEED(epoll_ctl(epolls, EPOLL_CTL_ADD, pipes[0], &e) == 0);
    close(pipes[0]);
    NEED(writes(pipes[1], "x") && epoll_wait(epolls, &e, 1, 1000) == 1);
}

static void check(void) {
    struct epoll_event e;
    KEPT(epoll_wait(epolls, &e, 1, 1000) == 1 && e.data.u64 == 9);
}

int main(void) {
    return corpus(set_up, check);
}
