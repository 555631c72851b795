// eventfd: a count, flags, shared with a child that waits.
#include "corpus.h"

#include <sys/eventfd.h>

static int count, to, from;

static void answer(void *with) {
    eventfd_t n;
    (void)with;
    while (eventfd_read(to, &n) == 0 && eventfd_write(from, n + 1) == 0) {
    }
}

static void set_up(void) {
    NEED((count = eventfd(7, EFD_NONBLOCK | EFD_CLOEXEC)) >= 0);
    NEED((to = eventfd(0, 0)) >= 0 && (from = eventfd(0, 0)) >= 0);
    child(answer, NULL);
}

static void check(void) {
    eventfd_t n;
    KEPT(eventfd_read(count, &n) == 0 && n == 7 && eventfd_read(count, &n) < 0 && errno == EAGAIN && eventfd_write(count, 7) == 0);
    KEPT(fcntl(count, F_GETFD) == FD_CLOEXEC);
    KEPT(eventfd_write(to, 41) == 0 && eventfd_read(from, &n) == 0 && n == 42);
}

int main(void) {
    return corpus(set_up, check);
}
