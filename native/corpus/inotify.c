// inotify on a directory of home, on a file and on the guest's own /dev/shm: the same watches tell of what happens later.
#include "corpus.h"

#include <sys/inotify.h>

static int fd, directory, file, own;

static void set_up(void) {
    NEED(mkdir("watched", 0700) == 0 || errno == EEXIST);
    NEED(close(open("watched-file", O_WRONLY | O_CREAT, 0600)) == 0 && (mkdir("/dev/shm/watched", 0700) == 0 || errno == EEXIST));
    NEED((fd = inotify_init1(IN_NONBLOCK)) >= 0);
    NEED((directory = inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE)) >= 0);
    NEED((file = inotify_add_watch(fd, "watched-file", IN_MODIFY)) >= 0);
    NEED((own = inotify_add_watch(fd, "/dev/shm/watched", IN_CREATE)) >= 0);
}

static bool comes(int watch, uint32_t mask, const char *name) {
    char buffer[4096] __attribute__((aligned(8)));
    for (int i = 0; i < 200; i++, sleep_ms(5)) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        for (char *at = buffer; n > 0 && at < buffer + n;) {
            struct inotify_event *e = (struct inotify_event *)(void *)at;
            if (e->wd == watch && e->mask & mask && (!name || (e->len > 0 && strcmp(e->name, name) == 0)))
                return true;
            at += sizeof *e + e->len;
        }
    }
    return false;
}

static void check(void) {
    char path[64], name[16];
    snprintf(name, sizeof name, "new%d", looks);
    snprintf(path, sizeof path, "watched/%s", name);
    KEPT(close(open(path, O_WRONLY | O_CREAT, 0600)) == 0 && comes(directory, IN_CREATE, name));
    KEPT(unlink(path) == 0 && comes(directory, IN_DELETE, name));
    snprintf(path, sizeof path, "/dev/shm/watched/%s", name);
    KEPT(close(open(path, O_WRONLY | O_CREAT, 0600)) == 0 && comes(own, IN_CREATE, name));
    int to = open("watched-file", O_WRONLY | O_APPEND);
    KEPT(to >= 0 && writes(to, "more") && close(to) == 0 && comes(file, IN_MODIFY, NULL));
    KEPT(inotify_rm_watch(fd, directory) == 0 && comes(directory, IN_IGNORED, NULL)); // what is not read keeps a guest where it is
    KEPT((directory = inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE)) >= 0);
}

int main(void) {
    return corpus(set_up, check);
}
