// Mapped files of home: private with changes, shared and written (all of it arrives), beyond the end, of a file that was renamed, shared
// by a child.
#include "corpus.h"

#include <sys/mman.h>

#define SIZE 65536
static char *own, *shared, *renamed, *with_child;
static int file;

static char *map(const char *name, int flags, unsigned seed) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    NEED(fd >= 0 && write_content(fd, SIZE, seed));
    char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
    NEED(at != MAP_FAILED);
    close(fd);
    return at;
}

static void count_up(void *with) {
    (void)with;
    for (;;) {
        __atomic_add_fetch((int *)(void *)with_child, 1, __ATOMIC_SEQ_CST);
        sleep_ms(1);
    }
}

static void set_up(void) {
    own = map("private", MAP_PRIVATE, 1);
    own[5000] = '!';
    shared = map("shared", MAP_SHARED, 2);
    memcpy(shared + 20000, "written by mapping", 18);
    renamed = map("renamed-before", MAP_SHARED, 3);
    NEED(rename("renamed-before", "renamed-after") == 0);
    with_child = map("with-child", MAP_SHARED, 4);
    memset(with_child, 0, sizeof(int));
    child(count_up, NULL);
    NEED((file = open("shared", O_RDONLY)) >= 0);
}

static void check(void) {
    char text[32];
    KEPT(own[5000] == '!' && is_filled(own, 5000, 1) && own[5001] == (char)content(5001, 1));
    KEPT(is_filled(shared, 20000, 2) && memcmp(shared + 20000, "written by mapping", 18) == 0);
    KEPT(pread(file, text, 18, 20000) == 18 && memcmp(text, "written by mapping", 18) == 0);
    snprintf(text, sizeof text, "look %d", looks);
    memcpy(shared + 30000 + 10 * looks, text, 6);
    for (int i = 0; i <= looks; i++) {
        char written[32];
        snprintf(text, sizeof text, "look %d", i);
        KEPT(pread(file, written, 6, 30000 + 10 * i) == 6 && memcmp(written, text, 6) == 0);
    }
    KEPT(is_filled(renamed, SIZE, 3));
    int before = __atomic_load_n((int *)(void *)with_child, __ATOMIC_SEQ_CST);
    sleep_ms(100);
    KEPT(__atomic_load_n((int *)(void *)with_child, __ATOMIC_SEQ_CST) > before);
}

int main(void) {
    return corpus(set_up, check);
}
