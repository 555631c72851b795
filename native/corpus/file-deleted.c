// An open file of home that has no name any more.
#include "corpus.h"

static int fd;

static void set_up(void) {
    NEED((fd = open("nameless", O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0);
    NEED(writes(fd, "kept") && unlink("nameless") == 0);
}

static void check(void) {
    struct stat st;
    KEPT(lseek(fd, 0, SEEK_SET) == 0 && reads(fd, "kept"));
    KEPT(fstat(fd, &st) == 0 && st.st_nlink == 0);
}

int main(void) {
    return corpus(set_up, check);
}
