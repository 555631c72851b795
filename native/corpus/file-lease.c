// A lease on a file of the guest's own (fcntl(2), F_SETLEASE).
#include "corpus.h"

static int fd;

static void set_up(void) {
    NEED((fd = open("/dev/shm/leased", O_RDONLY | O_CREAT, 0600)) >= 0);
    NEED(fcntl(fd, F_SETLEASE, F_RDLCK) == 0);
}

static void check(void) {
    KEPT(fcntl(fd, F_GETLEASE) == F_RDLCK);
}

int main(void) {
    return corpus(set_up, check);
}
