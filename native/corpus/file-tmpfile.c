// A file of home that never had a name (O_TMPFILE).
#include "corpus.h"

static int fd;

static void set_up(void) {
    fd = open(".", O_RDWR | O_TMPFILE, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        without("home's files have no O_TMPFILE here");
    NEED(fd >= 0 && writes(fd, "kept"));
}

static void check(void) {
    KEPT(lseek(fd, 0, SEEK_SET) == 0 && reads(fd, "kept"));
}

int main(void) {
    return corpus(set_up, check);
}
