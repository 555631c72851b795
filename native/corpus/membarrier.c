// A process that has registered for membarrier(2), as Java does.
#include "corpus.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>

static void set_up(void) {
    NEED(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0);
    NEED(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0);
}

static void check(void) {
    KEPT(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
