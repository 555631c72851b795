// memfd: content, seals, mapped and shared with a child.
#include "corpus.h"

#include <sys/mman.h>

static int plain, sealed;
static char *shared;

static void count(void *with) {
    (void)with;
    for (;; sleep_ms(1))
        __atomic_add_fetch((int *)(void *)shared, 1, __ATOMIC_SEQ_CST);
}

static void set_up(void) {
    NEED((plain = memfd_create("plain", MFD_CLOEXEC)) >= 0 && write_content(plain, 3 << 20, 1) && lseek(plain, 4000, SEEK_SET) == 4000);
    NEED((shared = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, plain, 1 << 20)) != MAP_FAILED);
    NEED((sealed = memfd_create("sealed", MFD_ALLOW_SEALING)) >= 0 && writes(sealed, "sealed"));
    NEED(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    child(count, NULL);
}

static void check(void) {
    static unsigned char buffer[1 << 20];
    int number = 0;
    KEPT(pread(plain, buffer, 1 << 20, 0) == 1 << 20 && is_filled(buffer, 1 << 20, 1));
    KEPT(lseek(plain, 0, SEEK_CUR) == 4000 && fcntl(plain, F_GETFD) == FD_CLOEXEC);
    int before = __atomic_load_n((int *)(void *)shared, __ATOMIC_SEQ_CST);
    sleep_ms(100);
    KEPT(__atomic_load_n((int *)(void *)shared, __ATOMIC_SEQ_CST) > before);
    KEPT(pread(plain, &number, sizeof number, 1 << 20) == sizeof number && number > before);
    KEPT(fcntl(sealed, F_GET_SEALS) == (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
    KEPT(write(sealed, "x", 1) < 0 && errno == EPERM);
    KEPT(lseek(sealed, 0, SEEK_SET) == 0 && reads(sealed, "sealed"));
}

int main(void) {
    return corpus(set_up, check);
}
