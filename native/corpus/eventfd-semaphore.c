// An eventfd that is a semaphore (EFD_SEMAPHORE).
#include "corpus.h"

#include <sys/eventfd.h>

static int semaphore;

static void set_up(void) {
    NEED((semaphore = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK)) >= 0);
}

static void check(void) {
    eventfd_t n;
    for (int i = 0; i < 3; i++)
        KEPT(eventfd_read(semaphore, &n) == 0 && n == 1);
    KEPT(eventfd_read(semaphore, &n) < 0 && errno == EAGAIN && eventfd_write(semaphore, 3) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
