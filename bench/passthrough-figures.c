// Process: bench/passthrough's, see passthrough.c: makes the content, reads it in each mode, and prints how long that took.
#define _GNU_SOURCE
#include "passthrough.h"

static const char *const mode_names[MODES] = {
    "no FUSE", "READ, copied", "READ, spliced", "passed", "passed, id kept"};

static uint64_t pages_cached(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct cachestat_range all = {0, 0};
    struct cachestat found;
    if (descriptor < 0 || syscall(CACHESTAT, descriptor, &all, &found, 0) < 0)
        fail("ask for cached pages");
    close(descriptor);
    return found.cached;
}

// Content that is on disk only.
static void forget(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) < 0 || posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) != 0)
        fail("forget a file");
    close(descriptor);
}

static double small_us(const struct tree *t) {
    char directory[PATH_LIMIT], buffer[SMALL_BYTES];
    path_in(directory, t->mount, "small");
    uint64_t begin = now_ns();
    for (int i = 0; i < SMALL_FILES; i++) {
        char path[PATH_LIMIT + 16];
        snprintf(path, sizeof path, "%s/%d", directory, i);
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0 || read(descriptor, buffer, sizeof buffer) != SMALL_BYTES || close(descriptor) < 0)
            fail(path);
    }
    return (double)(now_ns() - begin) / SMALL_FILES / 1e3;
}

static double big_ms(const struct tree *t, const char *name) {
    static char buffer[1 << 20];
    char path[PATH_LIMIT];
    path_in(path, t->mount, name);
    uint64_t begin = now_ns();
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got, all = 0;
    while (descriptor >= 0 && (got = read(descriptor, buffer, sizeof buffer)) > 0)
        all += got;
    if (all != BIG_BYTES)
        fail("read the big file");
    close(descriptor);
    return (double)(now_ns() - begin) / 1e6;
}

static double mapped_ms(const struct tree *t, const char *name) {
    char path[PATH_LIMIT];
    path_in(path, t->mount, name);
    uint64_t begin = now_ns();
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail(path);
    volatile unsigned char *map = mmap(NULL, BIG_BYTES, PROT_READ, MAP_SHARED, descriptor, 0);
    if (map == MAP_FAILED)
        fail("map the big file");
    unsigned sum = 0;
    for (size_t i = 0; i < BIG_BYTES; i += 4096)
        sum += map[i];
    munmap((void *)(uintptr_t)map, BIG_BYTES);
    close(descriptor);
    return (double)(now_ns() - begin) / 1e6 + (sum == 1 ? 1e-9 : 0);
}

static double run_ms(const struct tree *t, char **program) {
    char root[PATH_LIMIT];
    path_in(root, t->mount, "root");
    uint64_t begin = now_ns();
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        if (nothing < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0 || chroot(root) < 0 || chdir("/") < 0)
            _exit(126);
        execv(program[0], program);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        fail("wait");
    if (status != 0) {
        fprintf(stderr, "passthrough: %s ended with status %x\n", program[0], status);
        exit(1);
    }
    return (double)(now_ns() - begin) / 1e6;
}

static void make_file(const char *path, size_t bytes, unsigned seed) {
    static char block[1 << 20];
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    for (size_t done = 0; descriptor >= 0 && done < bytes;) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = (char)(seed = seed * 1664525u + 1013904223u, seed >> 24);
        ssize_t put = write(descriptor, block, bytes - done < sizeof block ? bytes - done : sizeof block);
        if (put < 0)
            fail("write a file");
        done += (size_t)put;
    }
    if (descriptor < 0 || close(descriptor) < 0)
        fail("make a file");
}

void make_content(const char *backing, const char *program) {
    char path[PATH_LIMIT + 16];
    shell("mkdir -p '%s/small' '%s/root'%s", backing, backing, "");
    for (int i = 0; i < SMALL_FILES; i++) {
        snprintf(path, sizeof path, "%s/small/%d", backing, i);
        make_file(path, SMALL_BYTES, (unsigned)i);
    }
    for (const char *const *name = (const char *const[]){"big", "mapped", "changing", "changing.new", NULL}; *name; name++) {
        path_in(path, backing, *name);
        make_file(path, BIG_BYTES, (unsigned)(*name)[strlen(*name) - 1]);
    }
    shell("cp -L --parents $(echo '%s'; ldd '%s' | grep -o '/[^ ]*') '%s/root'", program, program, backing);
}

enum figure { SMALL1, SMALL2, BIG1, BIG2, DISK, MAP1, MAP2, RUN1, RUN2, TWICE, FIGURES };
static const char *const figure_names[FIGURES] = {
    "open+read+close of 4 KB, first, us", "the same again, us", "100 MB in a row, first, ms", "the same again, ms",
    "100 MB in a row, first, from disk, ms", "100 MB mapped, first, ms", "the same again, ms",
    "program with its libraries, first, ms", "the same again, ms", "MB of page cache for 100 MB"};

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct tree *t, double figures[FIGURES], char **program) {
    char backed[PATH_LIMIT], seen[PATH_LIMIT];
    path_in(backed, t->backing, "big");
    path_in(seen, t->mount, "big");
    figures[SMALL1] = small_us(t);
    figures[SMALL2] = small_us(t);
    figures[BIG1] = big_ms(t, "big");
    figures[BIG2] = big_ms(t, "big");
    figures[TWICE] = (double)(pages_cached(backed) + (t->mode == NATIVE ? 0 : pages_cached(seen))) * 4096 / (1 << 20);
    figures[MAP1] = mapped_ms(t, "mapped");
    figures[MAP2] = mapped_ms(t, "mapped");
    figures[RUN1] = run_ms(t, program);
    figures[RUN2] = run_ms(t, program);
    char other[PATH_LIMIT];
    path_in(other, t->backing, "changing");
    forget(other);
    figures[DISK] = big_ms(t, "changing");
}


void print_figures(const char *backing, const char *at, char **program) {
    static double all[MODES][FIGURES][ROUNDS];
    static struct tree t;
    uint64_t opens = 0, nanoseconds = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (int m = 0; m < MODES; m++) {
            double figures[FIGURES];
            mount_tree(&t, (enum mode)m, backing, at, 1);
            measure(&t, figures, program);
            if (m >= PASSED && t.last_errno != 0) {
                errno = t.last_errno;
                fail("open a backing file (see the second part)");
            }
            opens += t.backing_opens;
            nanoseconds += t.backing_ns;
            unmount_tree(&t);
            for (int f = 0; f < FIGURES; f++)
                all[m][f][round] = figures[f];
        }
    printf("the least and the median of %d rounds\n%-40s", ROUNDS, "");
    for (int m = 0; m < MODES; m++)
        printf(" | %15s", mode_names[m]);
    for (int f = 0; f < FIGURES; f++) {
        printf("\n%-40s", figure_names[f]);
        for (int m = 0; m < MODES; m++) {
            qsort(all[m][f], ROUNDS, sizeof *all[m][f], by_value);
            printf(" | %6.1f / %6.1f", all[m][f][0], all[m][f][ROUNDS / 2]);
        }
    }
    printf("\na backing id: %.2f us for the call that opens it, mean of %lu\n\n", (double)nanoseconds / 1e3 / (double)opens,
           (unsigned long)opens);
}
