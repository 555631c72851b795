// A file of home that never had a name (O_TMPFILE), and is given one after the moves.
#include "corpus.h"

static int fd, excluded;

static void set_up(void) {
    fd = open(".", O_RDWR | O_TMPFILE, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        without("home's files have no O_TMPFILE here");
    NEED(fd >= 0 && writes(fd, "kept"));
    NEED((excluded = open(".", O_RDWR | O_TMPFILE | O_EXCL, 0600)) >= 0 && writes(excluded, "kept too"));
}

static bool name(int file, const char *to) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0;
}

static void check(void) {
    struct stat st;
    KEPT(lseek(fd, 0, SEEK_SET) == 0 && reads(fd, "kept"));
    KEPT(lseek(excluded, 0, SEEK_SET) == 0 && reads(excluded, "kept too"));
    if (looks != 1)
        return;
    KEPT(!name(excluded, "no-name") && errno == ENOENT);
    errno = 0;
    KEPT(name(fd, "a-name") && stat("a-name", &st) == 0 && st.st_nlink == 1 && st.st_size == 4);
    KEPT(unlink("a-name") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0);
}

int main(void) {
    return corpus(set_up, check);
}
