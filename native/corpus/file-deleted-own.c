// Deleted files on the guest's own /dev/shm: small, large, sparse, shared by two descriptors, and in a directory that is gone.
#include "corpus.h"

#define LARGE (3 << 20)
static int small, again, large, sparse, below, twice[2];

static int make(const char *name) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    NEED(fd >= 0);
    return fd;
}

static void set_up(void) {
    small = make("/dev/shm/small");
    NEED(writes(small, "small") && (again = dup(small)) >= 0 && unlink("/dev/shm/small") == 0);
    large = make("/dev/shm/large");
    NEED(write_content(large, LARGE, 3) && unlink("/dev/shm/large") == 0);
    sparse = make("/dev/shm/sparse");
    NEED(pwrite(sparse, "end", 3, 20 << 20) == 3 && unlink("/dev/shm/sparse") == 0);
    NEED(mkdir("/dev/shm/directory", 0700) == 0);
    below = make("/dev/shm/directory/below");
    NEED(writes(below, "below") && unlink("/dev/shm/directory/below") == 0 && rmdir("/dev/shm/directory") == 0);
    twice[0] = make("/dev/shm/twice");
    twice[1] = open("/dev/shm/twice", O_RDONLY);
    NEED(twice[1] >= 0 && writes(twice[0], "twice") && unlink("/dev/shm/twice") == 0);
}

static bool has(int fd, const char *text) {
    return lseek(fd, 0, SEEK_SET) == 0 && reads(fd, text);
}

static void check(void) {
    static unsigned char buffer[LARGE];
    struct stat st, other;
    KEPT(has(small, "small") && lseek(again, 0, SEEK_CUR) == 5);
    KEPT(fstat(small, &st) == 0 && st.st_nlink == 0);
    KEPT(pread(large, buffer, LARGE, 0) == LARGE && is_filled(buffer, LARGE, 3));
    KEPT(fstat(sparse, &st) == 0 && st.st_size == (20 << 20) + 3);
    KEPT(st.st_blocks < 1000);
    KEPT(pread(sparse, buffer, 3, 20 << 20) == 3 && memcmp(buffer, "end", 3) == 0);
    KEPT(has(below, "below"));
    KEPT(has(twice[1], "twice") && fstat(twice[0], &st) == 0 && fstat(twice[1], &other) == 0 && st.st_ino == other.st_ino);
    KEPT(access("/dev/shm/small", F_OK) < 0 && access("/dev/shm/twice", F_OK) < 0 && access("/dev/shm/directory", F_OK) < 0);
}

int main(void) {
    return corpus(set_up, check);
}
