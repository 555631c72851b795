// A ring of io_uring.
#include "corpus.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

static int fd;

static void set_up(void) {
    struct io_uring_params p = {0};
    fd = (int)syscall(SYS_io_uring_setup, 8, &p);
    if (fd < 0)
        without("this kernel lets nobody use io_uring");
}

static void check(void) {
    KEPT(syscall(SYS_io_uring_enter, fd, 0, 0, 0, NULL, 0) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
