// A named pipe among home's files, with content, opened for reading, for writing and for both.
#include "corpus.h"

static int reader, writer, both;

static void set_up(void) {
    unlink("fifo");
    NEED(mkfifo("fifo", 0600) == 0);
    NEED((both = open("fifo", O_RDWR | O_NONBLOCK)) >= 0);
    NEED((reader = open("fifo", O_RDONLY | O_NONBLOCK)) >= 0);
    NEED((writer = open("fifo", O_WRONLY)) >= 0);
    NEED(writes(writer, "in flight"));
}

static void check(void) {
    char c;
    KEPT(reads(reader, "in flight"));
    KEPT(read(reader, &c, 1) < 0 && errno == EAGAIN);
    KEPT(writes(both, "in ") && writes(writer, "flight"));
}

int main(void) {
    return corpus(set_up, check);
}
