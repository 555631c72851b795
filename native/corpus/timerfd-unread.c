// A periodic timer with a descriptor that has run out and was not read. (How often it has run out since, the kernel counts when it is read:
// what came before the move counts as once.)
#include "corpus.h"

#include <sys/timerfd.h>

static int fd;

static void set_up(void) {
    struct itimerspec often = {{0, 20000000}, {0, 20000000}};
    NEED((fd = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0 && timerfd_settime(fd, 0, &often, NULL) == 0);
    sleep_ms(100);
}

static void check(void) {
    uint64_t n = 0;
    KEPT(read(fd, &n, sizeof n) == sizeof n && n >= 1);
    KEPT(read(fd, &n, sizeof n) == sizeof n);
    sleep_ms(100);
}

int main(void) {
    return corpus(set_up, check);
}
