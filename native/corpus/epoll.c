// epoll on a pipe, a socket, an eventfd, a timerfd and another epoll: data, edge and one-shot, what is ready stays so.
#include "corpus.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

static int outer, inner, pipes[2], pair[2], event, timer, once[2];

static void add(int to, int fd, uint32_t events, uint64_t data) {
    struct epoll_event e = {.events = events, .data.u64 = data};
    NEED(epoll_ctl(to, EPOLL_CTL_ADD, fd, &e) == 0);
}

static void set_up(void) {
    struct itimerspec later = {{0, 0}, {5000, 0}};
    NEED((outer = epoll_create1(EPOLL_CLOEXEC)) >= 0 && (inner = epoll_create1(0)) >= 0);
    NEED(pipe(pipes) == 0 && pipe(once) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    NEED((event = eventfd(0, EFD_NONBLOCK)) >= 0 && (timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) >= 0);
    NEED(timerfd_settime(timer, 0, &later, NULL) == 0);
    add(outer, pipes[0], EPOLLIN, 0x1111111122222222);
    add(outer, pair[0], EPOLLIN | EPOLLET, 3);
    add(outer, event, EPOLLIN, 4);
    add(outer, timer, EPOLLIN, 5);
    add(inner, once[0], EPOLLIN | EPOLLONESHOT, 6);
    add(outer, inner, EPOLLIN, 7);
    NEED(writes(pipes[1], "x"));
}

/// Bit i: the i-th of the expected.
static unsigned ready(int at) {
    static const uint64_t expected[] = {0x1111111122222222, 3, 4, 5, 6, 7};
    struct epoll_event found[8];
    unsigned bits = 0;
    int n = epoll_wait(at, found, 8, 200);
    for (int i = 0; i < n; i++)
        for (unsigned k = 0; k < 6; k++)
            if (found[i].data.u64 == expected[k])
                bits |= 1u << k;
    return bits;
}

static void check(void) {
    uint64_t n;
    char c;
    KEPT(ready(outer) == 1);
    KEPT(read(pipes[0], &c, 1) == 1 && ready(outer) == 0);
    KEPT(writes(pair[1], "ab") && ready(outer) == 2 && reads(pair[0], "a") && ready(outer) == 0 && reads(pair[0], "b"));
    KEPT(eventfd_write(event, 9) == 0 && ready(outer) == 4 && read(event, &n, sizeof n) == sizeof n && n == 9);
    KEPT(writes(once[1], "x"));
    KEPT(looks > 0 || (ready(outer) == 32 && ready(inner) == 16));
    KEPT(ready(inner) == 0 && ready(outer) == 0); // once is once
    struct epoll_event e = {.events = EPOLLIN};
    KEPT(epoll_ctl(outer, EPOLL_CTL_ADD, pipes[0], &e) < 0 && errno == EEXIST);
    KEPT(fcntl(outer, F_GETFD) == FD_CLOEXEC);
    KEPT(writes(pipes[1], "x"));
}

int main(void) {
    return corpus(set_up, check);
}
