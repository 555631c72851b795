// A lock on a file of home by flock(2).
#include "corpus.h"

#include <sys/file.h>

static int fd;

static void set_up(void) {
    NEED((fd = open("locked", O_RDWR | O_CREAT, 0600)) >= 0);
    NEED(flock(fd, LOCK_EX) == 0);
}

static void try(void *with) {
    (void)with;
    int other = open("locked", O_RDWR);
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
