// A mapped file of home that has no name any more, and no descriptor.
#include "corpus.h"

#include <sys/mman.h>

static char *at;

static void set_up(void) {
    int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    NEED(fd >= 0 && write_content(fd, 8192, 1));
    NEED((at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED);
    NEED(close(fd) == 0 && unlink("mapped") == 0);
    memcpy(at, "kept", 4);
}

static void check(void) {
    KEPT(memcmp(at, "kept", 4) == 0 && at[5000] == (char)content(5000, 1));
}

int main(void) {
    return corpus(set_up, check);
}
