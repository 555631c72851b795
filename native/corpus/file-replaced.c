// An open file whose name another has taken; it has a second name.
#include "corpus.h"

static int replaced;

static int make(const char *name, const char *text) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    NEED(fd >= 0 && writes(fd, text));
    return fd;
}

static void set_up(void) {
    replaced = make("one", "first");
    NEED(link("one", "kept-by") == 0);
    NEED(close(make("other", "second")) == 0 && rename("other", "one") == 0);
}

static void check(void) {
    struct stat one, other;
    KEPT(lseek(replaced, 0, SEEK_SET) == 0 && reads(replaced, "first"));
    KEPT(fstat(replaced, &one) == 0 && stat("kept-by", &other) == 0 && one.st_ino == other.st_ino);
}

int main(void) {
    return corpus(set_up, check);
}
