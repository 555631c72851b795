// Locks on one file of home's by several: parts of it by a process and by its child (fcntl(2)), and the whole of another
// to read, by two open files (flock(2)) and, in a part, by a third as itself (F_OFD_SETLK).
#include "corpus.h"

#include <sys/file.h>

static int own, shared[3], more[2];

static bool lock(int fd, int command, short type, off_t start, off_t length) {
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &range) == 0;
}

static void second(void *with) {
    (void)with;
    char byte;
    NEED(lock(own, F_SETLK, F_WRLCK, 100, 50) && lock(own, F_SETLK, F_RDLCK, 300, 10));
    NEED(write(more[1], "x", 1) == 1);
    while (read(more[0], &byte, 1) > 0) // until its parent ends
        ;
}

static void set_up(void) {
    int ready[2];
    char byte;
    NEED((own = open("locked-in-parts", O_RDWR | O_CREAT, 0600)) >= 0);
    NEED(lock(own, F_SETLK, F_WRLCK, 0, 100) && lock(own, F_SETLK, F_UNLCK, 40, 10) && lock(own, F_SETLK, F_RDLCK, 300, 10));
    for (int i = 0; i < 3; i++)
        NEED((shared[i] = open("locked-to-read", O_RDWR | O_CREAT, 0600)) >= 0);
    NEED(flock(shared[0], LOCK_SH) == 0 && flock(shared[1], LOCK_SH) == 0 && lock(shared[2], F_OFD_SETLK, F_RDLCK, 5, 10));
    int end[2];
    NEED(pipe(ready) == 0 && pipe(end) == 0);
    more[0] = end[0];
    more[1] = ready[1];
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        close(end[1]);
        second(NULL);
        _exit(0);
    }
    close(end[0]);
    NEED(read(ready[0], &byte, 1) == 1);
}

/// As somebody else: a process that has none of these locks.
static void others(void *with) {
    (void)with;
    int parts = open("locked-in-parts", O_RDWR), read_only = open("locked-to-read", O_RDWR);
    KEPT(parts >= 0 && read_only >= 0);
    KEPT(!lock(parts, F_SETLK, F_RDLCK, 39, 1) && !lock(parts, F_SETLK, F_RDLCK, 50, 1));
    KEPT(lock(parts, F_SETLK, F_WRLCK, 40, 10) && lock(parts, F_SETLK, F_WRLCK, 150, 100));
    KEPT(!lock(parts, F_SETLK, F_RDLCK, 149, 1));
    KEPT(lock(parts, F_SETLK, F_RDLCK, 300, 10) && !lock(parts, F_SETLK, F_WRLCK, 305, 1));
    KEPT(flock(read_only, LOCK_SH | LOCK_NB) == 0 && flock(read_only, LOCK_EX | LOCK_NB) != 0);
    KEPT(lock(read_only, F_SETLK, F_RDLCK, 5, 10) && !lock(read_only, F_SETLK, F_WRLCK, 14, 1) && lock(read_only, F_SETLK, F_WRLCK, 15, 1));
}

static void without_one(void *with) {
    (void)with;
    int parts = open("locked-in-parts", O_RDWR);
    KEPT(lock(parts, F_SETLK, F_WRLCK, 0, 40) && !lock(parts, F_SETLK, F_RDLCK, 100, 1) && !lock(parts, F_SETLK, F_WRLCK, 305, 1));
}

static void look_as(void (*who)(void *)) {
    int status;
    pid_t pid = child(who, NULL);
    KEPT(waitpid(pid, &status, 0) == pid && status == 0);
}

static void check(void) {
    look_as(others);
    // what is given back is free, and the others' is not
    KEPT(lock(own, F_SETLK, F_UNLCK, 0, 0));
    look_as(without_one);
    KEPT(lock(own, F_SETLK, F_WRLCK, 0, 40) && lock(own, F_SETLK, F_WRLCK, 50, 50) && lock(own, F_SETLK, F_RDLCK, 300, 10));
    KEPT(flock(shared[0], LOCK_UN) == 0 && flock(shared[1], LOCK_EX | LOCK_NB) == 0); // nobody else has it
    KEPT(flock(shared[1], LOCK_SH) == 0 && flock(shared[0], LOCK_SH) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
