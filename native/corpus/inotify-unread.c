// inotify with an event that was not read yet.
#include "corpus.h"

#include <sys/inotify.h>

static int fd;

static void happen(void) {
    NEED(close(open("/dev/shm/unread/file", O_WRONLY | O_CREAT, 0600)) == 0 && unlink("/dev/shm/unread/file") == 0);
}

static void set_up(void) {
    NEED(mkdir("/dev/shm/unread", 0700) == 0 && (fd = inotify_init1(IN_NONBLOCK)) >= 0);
    NEED(inotify_add_watch(fd, "/dev/shm/unread", IN_CREATE) >= 0);
    happen();
}

static void check(void) {
    char buffer[4096] __attribute__((aligned(8)));
    KEPT(read(fd, buffer, sizeof buffer) > 0);
    happen();
}

int main(void) {
    return corpus(set_up, check);
}
