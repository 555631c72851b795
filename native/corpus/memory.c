// Memory: filled, sparse, without rights, growing stack, locked, advised, named; the heap goes on growing.
#include "corpus.h"

#include <sys/mman.h>

#define LARGE (48u << 20)
#define SPARSE (1ull << 32)
static char *large, *sparse, *guarded, *read_only, *locked, *advised, *heap[100];

static char *map(size_t size, int rights, int flags) {
    char *at = mmap(NULL, size, rights, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    NEED(at != MAP_FAILED);
    return at;
}

/// Whether an access ends a child by SIGSEGV.
static void touch(void *at) {
    *(volatile char *)at = 1;
}

static bool faults(char *at) {
    int status;
    pid_t pid = child(touch, at);
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static bool has_flag(const char *at, const char *flag) {
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[1024];
    bool here = false, found = false;
    unsigned long from, to;
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            here = from <= (unsigned long)at && (unsigned long)at < to;
        if (here && strncmp(line, "VmFlags:", 8) == 0)
            found = strstr(line, flag) != NULL;
    }
    if (f)
        fclose(f);
    return found;
}

static void set_up(void) {
    large = map(LARGE, PROT_READ | PROT_WRITE, 0);
    fill(large, LARGE, 1);
    sparse = map(SPARSE, PROT_READ | PROT_WRITE, MAP_NORESERVE);
    for (size_t at = 0; at < SPARSE; at += SPARSE / 16)
        sparse[at] = (char)(at / (SPARSE / 16) + 1);
    guarded = map(3 * 4096, PROT_READ | PROT_WRITE, 0);
    NEED(mprotect(guarded + 4096, 4096, PROT_NONE) == 0);
    guarded[0] = guarded[2 * 4096] = 'g';
    read_only = map(4096, PROT_READ | PROT_WRITE, 0);
    read_only[7] = 'r';
    NEED(mprotect(read_only, 4096, PROT_READ) == 0);
    locked = map(4 * 4096, PROT_READ | PROT_WRITE, 0);
    NEED(mlock(locked, 4 * 4096) == 0);
    advised = map(4 << 20, PROT_READ | PROT_WRITE, 0);
    NEED(madvise(advised, 4 << 20, MADV_DONTFORK) == 0);
    fill(advised, 4 << 20, 2);
    for (int i = 0; i < 100; i++) {
        NEED((heap[i] = malloc(1000 + (size_t)i * 37)) != NULL);
        fill(heap[i], 1000, (unsigned)i);
    }
}

static int deep(int left) {
    volatile char room[4096];
    room[left % 4096] = (char)left;
    return left == 0 ? 0 : deep(left - 1) + (room[left % 4096] == (char)left);
}

static void check(void) {
    KEPT(is_filled(large, LARGE, 1));
    for (size_t at = 0; at < SPARSE; at += SPARSE / 16)
        KEPT(sparse[at] == (char)(at / (SPARSE / 16) + 1) && sparse[at + 8192] == 0);
    KEPT(guarded[0] == 'g' && guarded[2 * 4096] == 'g' && faults(guarded + 4096));
    KEPT(read_only[7] == 'r' && faults(read_only));
    KEPT(has_flag(locked, " lo"));
    KEPT(has_flag(advised, " dc") && is_filled(advised, 4 << 20, 2) && faults(advised));
    for (int i = 0; i < 100; i++) {
        KEPT(is_filled(heap[i], 1000, (unsigned)i));
        heap[i] = realloc(heap[i], 5000);
    }
    KEPT(deep(700) == 700);
}

int main(void) {
    return corpus(set_up, check);
}
