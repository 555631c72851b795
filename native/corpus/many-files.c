// As many descriptors as there may be, of files of home, with gaps.
#include "corpus.h"

#include <sys/resource.h>

static int count, last;

static void set_up(void) {
    struct rlimit limit;
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    last = limit.rlim_cur > 1000 ? 1000 : (int)limit.rlim_cur - 1;
    for (int fd = 10; fd <= last; fd += 1 + (fd % 3 == 0)) {
        char name[32];
        snprintf(name, sizeof name, "many%d", fd % 100);
        int made = open(name, O_RDWR | O_CREAT, 0600);
        NEED(made >= 0 && dup2(made, fd) == fd);
        if (made != fd)
            close(made);
        NEED(ftruncate(fd, 5000) == 0 && lseek(fd, fd, SEEK_SET) == fd);
        count++;
    }
}

static void check(void) {
    int found = 0;
    for (int fd = 10; fd <= last; fd += 1 + (fd % 3 == 0)) {
        KEPT(lseek(fd, 0, SEEK_CUR) == fd);
        found++;
    }
    KEPT(found == count);
    KEPT(fcntl(13, F_GETFD) < 0 || fcntl(last + 1, F_GETFD) < 0);
}

int main(void) {
    return corpus(set_up, check);
}
