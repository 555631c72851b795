// Linux's older asynchronous reads and writes (io_setup(2)), as databases use them.
#include "corpus.h"

#include <linux/aio_abi.h>
#include <sys/syscall.h>

static aio_context_t ring;
static int fd;

static void set_up(void) {
    NEED((fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0 && write_content(fd, 8192, 1));
    NEED(syscall(SYS_io_setup, 16, &ring) == 0);
}

static void check(void) {
    static char buffer[8192];
    struct iocb one = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)fd, .aio_nbytes = sizeof buffer, .aio_data = 99};
    struct iocb *all[] = {&one};
    struct io_event event;
    one.aio_buf = (uintptr_t)buffer;
    memset(buffer, 0, sizeof buffer);
    KEPT(syscall(SYS_io_submit, ring, 1, all) == 1);
    KEPT(syscall(SYS_io_getevents, ring, 1, 1, &event, NULL) == 1 && event.data == 99 && event.res == 8192);
    KEPT(is_filled(buffer, 8192, 1));
}

int main(void) {
    return corpus(set_up, check);
}
