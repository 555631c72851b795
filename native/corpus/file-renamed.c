// Open files whose names have changed: renamed, in a directory that was renamed, with rights taken away.
#include "corpus.h"

static int renamed, below, closed, directory;

static int make(const char *name, const char *text) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    NEED(fd >= 0 && writes(fd, text));
    return fd;
}

static void set_up(void) {
    renamed = make("before", "renamed");
    NEED(rename("before", "after") == 0);
    NEED(mkdir("old", 0700) == 0 || errno == EEXIST);
    NEED((directory = open("old", O_RDONLY | O_DIRECTORY)) >= 0);
    below = make("old/file", "below");
    NEED(rename("old", "new") == 0);
    closed = make("closed", "closed");
    NEED(fchmod(closed, 0) == 0); // its user could not open it again
}

static bool has(int fd, const char *text) {
    return lseek(fd, 0, SEEK_SET) == 0 && reads(fd, text);
}

static void check(void) {
    KEPT(has(renamed, "renamed"));
    KEPT(has(below, "below"));
    KEPT(has(closed, "closed"));
    struct stat st;
    KEPT(fstat(closed, &st) == 0 && (st.st_mode & 0777) == 0);
    int fd = openat(directory, "file", O_RDONLY);
    KEPT(fd >= 0 && has(fd, "below"));
    close(fd);
    KEPT(writes(closed, ".") && writes(below, "."));
}

int main(void) {
    return corpus(set_up, check);
}
