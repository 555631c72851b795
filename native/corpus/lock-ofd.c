// A lock on a file of home by fcntl(2) (F_OFD_SETLK).
#include "corpus.h"

static int fd;

static void set_up(void) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    NEED((fd = open("locked", O_RDWR | O_CREAT, 0600)) >= 0);
    NEED(fcntl(fd, F_OFD_SETLK, &whole) == 0);
}

static void try(void *with) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)with;
    int other = open("locked", O_RDWR);
    KEPT(other >= 0);
    KEPT(!(fcntl(other, F_OFD_SETLK, &whole) == 0));
}

static void check(void) {
    int status;
    pid_t pid = child(try, NULL);
    KEPT(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void) {
    return corpus(set_up, check);
}
