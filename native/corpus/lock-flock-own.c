// A lock by flock(2) on a file of the guest's own, in /dev/shm.
#include "corpus.h"

#include <sys/file.h>

static int fd;

static void set_up(void) {
    NEED((fd = open("/dev/shm/locked", O_RDWR | O_CREAT, 0600)) >= 0);
    NEED(flock(fd, LOCK_EX | LOCK_NB) == 0);
}

static void try(void *with) {
    (void)with;
    int other = open("/dev/shm/locked", O_RDWR);
    KEPT(other >= 0);
    KEPT(!(flock(other, LOCK_EX | LOCK_NB) == 0));
}

static void check(void) {
    int status;
    pid_t pid = child(try, NULL);
    KEPT(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void) {
    return corpus(set_up, check);
}
