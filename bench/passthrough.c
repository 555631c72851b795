// Process: bench/passthrough's only one, and its children. Serves a tree of its own through /dev/fuse in several ways, and
// has a program read it: what FUSE passthrough gives against READ replies from a cache, and what it does when content changes.
// No part of Drover runs in it: it says what the kernel can do, not what the daemon does (that is bench/files).
// usage: passthrough DIRECTORY [PROGRAM ARGS...]   (root; DIRECTORY must not exist, and is removed at the end)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SMALL_FILES 2000
#define SMALL_BYTES 4000
#define BIG_BYTES (100 << 20)
#define NODE_LIMIT 8192
#define PATH_LIMIT 512
#define DESCRIPTOR_LIMIT 20000
#define READ_AHEAD_KIB 256 // as the daemon asks for
#define SERVERS 2          // as the daemon has
#define REQUEST_BYTES ((1 << 20) + (64 << 10))
#define ROUNDS 5

// Linux 6.9 and later: missing in the headers of Debian 12.
#define PASSTHROUGH_FLAG2 (1u << 5) // FUSE_PASSTHROUGH, in the second word
#define OPEN_PASSTHROUGH (1u << 7)  // FOPEN_PASSTHROUGH
struct backing_map {
    int32_t fd;
    uint32_t flags;
    uint64_t padding;
};
#define BACKING_OPEN _IOW(229, 1, struct backing_map)
#define BACKING_CLOSE _IOW(229, 2, uint32_t)
struct cachestat_range {
    uint64_t offset, length;
};
struct cachestat {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
};
#define CACHESTAT 451 // Linux 6.5

enum mode { NATIVE, COPIED, SPLICED, PASSED, PASSED_KEPT, MODES };
static const char *const mode_names[MODES] = {
    "no FUSE", "READ, copied", "READ, spliced", "passed", "passed, id kept"};

// One served tree. `fuse` is -1 for NATIVE.
struct tree {
    enum mode mode;
    int fuse;
    char backing[PATH_LIMIT]; // the directory that is served
    char mount[PATH_LIMIT];
    uint32_t stack_depth;
    uint32_t agreed2; // of the second word of INIT's flags, as the kernel offered it
    bool divert;      // files opened from now on are backed by NAME.new, to see whether an inode can switch
    bool direct;      // or are answered by READ, uncached
    bool aside;       // or by READ, uncached, but keep the old backing file, which the kernel accepts
    bool cached;      // or by READ, cached
    int last_errno;   // of BACKING_OPEN
    pthread_mutex_t lock;
    struct {
        char path[PATH_LIMIT];
        int backing_id;
    } nodes[NODE_LIMIT]; // by node id; 1 is the root
    size_t node_count;
    uint32_t first_id;
    uint32_t ids[DESCRIPTOR_LIMIT]; // backing ids to close, by handle
    uint64_t backing_opens, backing_ns;
};

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "passthrough: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
        fail("read the clock");
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void path_in(char out[PATH_LIMIT], const char *directory, const char *name) {
    if (snprintf(out, PATH_LIMIT, "%s/%s", directory, name) >= PATH_LIMIT) {
        errno = ENAMETOOLONG;
        fail("make a path");
    }
}

// ---- the server ----

static void reply(struct tree *t, uint64_t unique, int error, const void *body, size_t length) {
    struct fuse_out_header head = {.len = (uint32_t)(sizeof head + length), .error = -error, .unique = unique};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)body, length}};
    if (writev(t->fuse, parts, length > 0 ? 2 : 1) < 0 && errno != ENOENT && errno != ENODEV)
        fail("reply to the kernel");
}

static uint64_t node_of(struct tree *t, const char *path) {
    uint64_t found = 0;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 1; i <= t->node_count && found == 0; i++)
        if (strcmp(t->nodes[i].path, path) == 0)
            found = i;
    if (found == 0 && t->node_count + 1 < NODE_LIMIT) {
        found = ++t->node_count;
        snprintf(t->nodes[found].path, PATH_LIMIT, "%s", path);
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

static struct fuse_attr attributes(const struct stat *s, uint64_t node) {
    return (struct fuse_attr){.ino = node, .size = (uint64_t)s->st_size, .blocks = (uint64_t)s->st_blocks,
                              .mtime = (uint64_t)s->st_mtim.tv_sec, .mtimensec = (uint32_t)s->st_mtim.tv_nsec,
                              .mode = s->st_mode, .nlink = (uint32_t)s->st_nlink, .uid = s->st_uid, .gid = s->st_gid,
                              .blksize = 4096};
}

static void answer_init(struct tree *t, uint64_t unique, const struct fuse_init_in *in) {
    t->agreed2 = in->flags2;
    struct fuse_init_out out = {.major = 7, .minor = 31 > in->minor ? in->minor : FUSE_KERNEL_MINOR_VERSION,
                                .max_readahead = READ_AHEAD_KIB << 10, .max_write = 1 << 20, .max_background = 64,
                                .congestion_threshold = 48, .time_gran = 1, .max_pages = 256};
    out.flags = in->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_PARALLEL_DIROPS | FUSE_INIT_EXT |
                             FUSE_AUTO_INVAL_DATA);
    if (t->mode >= PASSED) {
        out.flags2 = in->flags2 & PASSTHROUGH_FLAG2;
        out.unused[0] = t->stack_depth; // max_stack_depth
    }
    reply(t, unique, 0, &out, sizeof out);
}

static void answer_lookup(struct tree *t, uint64_t unique, uint64_t parent, const char *name) {
    char path[PATH_LIMIT], real[PATH_LIMIT];
    path_in(path, t->nodes[parent].path, name);
    path_in(real, t->backing, path);
    struct stat s;
    if (lstat(real, &s) < 0) {
        reply(t, unique, errno, NULL, 0);
        return;
    }
    uint64_t node = node_of(t, path);
    struct fuse_entry_out out = {.nodeid = node, .entry_valid = 300, .attr_valid = 300, .attr = attributes(&s, node)};
    reply(t, unique, node == 0 ? ENFILE : 0, &out, node == 0 ? 0 : sizeof out);
}

static void answer_getattr(struct tree *t, uint64_t unique, uint64_t node) {
    char real[PATH_LIMIT];
    path_in(real, t->backing, t->nodes[node].path);
    struct stat s;
    if (lstat(real, &s) < 0) {
        reply(t, unique, errno, NULL, 0);
        return;
    }
    struct fuse_attr_out out = {.attr_valid = 300, .attr = attributes(&s, node)};
    reply(t, unique, 0, &out, sizeof out);
}

static int backing_open(struct tree *t, int descriptor) {
    struct backing_map map = {.fd = descriptor};
    uint64_t begin = now_ns();
    int id = ioctl(t->fuse, BACKING_OPEN, &map);
    t->last_errno = id < 0 ? errno : 0;
    __atomic_add_fetch(&t->backing_ns, now_ns() - begin, __ATOMIC_RELAXED);
    __atomic_add_fetch(&t->backing_opens, 1, __ATOMIC_RELAXED);
    return id;
}

static void answer_open(struct tree *t, uint64_t unique, uint64_t node, uint32_t flags) {
    char real[PATH_LIMIT + 4];
    path_in(real, t->backing, t->nodes[node].path);
    if (t->divert)
        strcat(real, ".new");
    int descriptor = open(real, (int)(flags & O_ACCMODE) | O_CLOEXEC);
    if (descriptor < 0 || descriptor >= DESCRIPTOR_LIMIT) {
        reply(t, unique, errno, NULL, 0);
        return;
    }
    struct fuse_open_out out = {.fh = (uint64_t)descriptor, .open_flags = FOPEN_KEEP_CACHE};
    if (t->direct)
        out.open_flags = FOPEN_DIRECT_IO;
    int id = 0;
    if (t->aside) {
        // the file of the first open: its id is still there
        out.open_flags = FOPEN_DIRECT_IO | OPEN_PASSTHROUGH;
        out.padding = t->first_id;
    }
    if (t->mode >= PASSED && !t->direct && !t->cached && !t->aside) {
        bool kept = t->mode == PASSED_KEPT && !t->divert;
        id = kept ? t->nodes[node].backing_id : 0;
        if (id == 0)
            id = backing_open(t, descriptor);
        if (kept && id > 0)
            t->nodes[node].backing_id = id;
        if (id > 0) {
            out.open_flags = OPEN_PASSTHROUGH;
            out.padding = (uint32_t)id; // backing_id
            t->first_id = t->divert ? t->first_id : (uint32_t)id;
        }
    }
    // the opener looks the id up after this reply: it is needed until the file is released
    t->ids[descriptor] = id > 0 && (t->mode == PASSED || t->divert) ? (uint32_t)id : 0;
    reply(t, unique, 0, &out, sizeof out);
}

static void answer_release(struct tree *t, uint64_t unique, uint64_t handle) {
    if (t->ids[handle] != 0 && ioctl(t->fuse, BACKING_CLOSE, &t->ids[handle]) < 0)
        fail("close a backing id");
    t->ids[handle] = 0;
    close((int)handle);
    reply(t, unique, 0, NULL, 0);
}

static void answer_read(struct tree *t, uint64_t unique, const struct fuse_read_in *in, char *buffer, int pipe_ends[2]) {
    int descriptor = (int)in->fh;
    if (t->mode != SPLICED) {
        ssize_t got = pread(descriptor, buffer, in->size, (off_t)in->offset);
        reply(t, unique, got < 0 ? errno : 0, buffer, got < 0 ? 0 : (size_t)got);
        return;
    }
    struct stat s;
    if (fstat(descriptor, &s) < 0)
        fail("look at a file");
    uint64_t left = in->offset < (uint64_t)s.st_size ? (uint64_t)s.st_size - in->offset : 0;
    size_t length = left < in->size ? (size_t)left : in->size;
    struct fuse_out_header head = {.len = (uint32_t)(sizeof head + length), .unique = unique};
    if (vmsplice(pipe_ends[1], &(struct iovec){&head, sizeof head}, 1, 0) < 0)
        fail("put the header into the pipe");
    loff_t at = (loff_t)in->offset;
    for (size_t done = 0; done < length;) {
        ssize_t moved = splice(descriptor, &at, pipe_ends[1], NULL, length - done, SPLICE_F_MOVE);
        if (moved <= 0)
            fail("splice a file");
        done += (size_t)moved;
    }
    if (splice(pipe_ends[0], NULL, t->fuse, NULL, head.len, SPLICE_F_MOVE) < 0)
        fail("splice to the kernel");
}

static void *serve(void *argument) {
    struct tree *t = argument;
    char *request = malloc(REQUEST_BYTES), *buffer = malloc(1 << 20);
    int ends[2];
    if (!request || !buffer || pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0)
        fail("make room for requests");
    for (;;) {
        ssize_t got = read(t->fuse, request, REQUEST_BYTES);
        if (got < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
            continue;
        if (got < 0 && errno == ENODEV)
            return NULL; // unmounted
        if (got < 0)
            fail("read a request");
        struct fuse_in_header *head = (void *)request;
        void *body = head + 1;
        switch (head->opcode) {
        case FUSE_INIT:
            answer_init(t, head->unique, body);
            break;
        case FUSE_LOOKUP:
            answer_lookup(t, head->unique, head->nodeid, body);
            break;
        case FUSE_GETATTR:
            answer_getattr(t, head->unique, head->nodeid);
            break;
        case FUSE_OPEN:
            answer_open(t, head->unique, head->nodeid, ((struct fuse_open_in *)body)->flags);
            break;
        case FUSE_READ:
            answer_read(t, head->unique, body, buffer, ends);
            break;
        case FUSE_RELEASE:
            answer_release(t, head->unique, ((struct fuse_release_in *)body)->fh);
            break;
        case FUSE_STATFS:
            reply(t, head->unique, 0, &(struct fuse_statfs_out){.st.namelen = 255}, sizeof(struct fuse_statfs_out));
            break;
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT:
            break;
        default:
            reply(t, head->unique, ENOSYS, NULL, 0);
        }
    }
}

static void mount_tree(struct tree *t, enum mode mode, const char *backing, const char *at, uint32_t stack_depth) {
    memset(t, 0, sizeof *t);
    t->mode = mode;
    t->fuse = -1;
    t->stack_depth = stack_depth;
    t->node_count = 1;
    pthread_mutex_init(&t->lock, NULL);
    snprintf(t->backing, PATH_LIMIT, "%s", backing);
    snprintf(t->mount, PATH_LIMIT, "%s", mode == NATIVE ? backing : at);
    if (mode == NATIVE)
        return;
    t->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (t->fuse < 0)
        fail("open /dev/fuse");
    char options[128];
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions", t->fuse);
    if (mount("passthrough", at, "fuse", MS_NODEV | MS_NOSUID, options) < 0)
        fail("mount");
    for (int i = 0; i < SERVERS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, t) != 0)
            fail("start a server");
        pthread_detach(thread);
    }
    struct stat s;
    if (stat(at, &s) < 0)
        fail("look at the mount");
    char file[PATH_LIMIT];
    snprintf(file, sizeof file, "/sys/class/bdi/%u:%u/read_ahead_kb", major(s.st_dev), minor(s.st_dev));
    FILE *ahead = fopen(file, "we");
    if (!ahead || fprintf(ahead, "%d", READ_AHEAD_KIB) < 0 || fclose(ahead) != 0)
        fail("set the read-ahead");
}

static void unmount_tree(struct tree *t) {
    if (t->mode != NATIVE && umount2(t->mount, MNT_DETACH) < 0)
        fail("unmount");
}

// ---- the work ----

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

static void shell(const char *format, const char *a, const char *b, const char *c) {
    char line[2048];
    snprintf(line, sizeof line, format, a, b, c);
    if (system(line) != 0) {
        fprintf(stderr, "passthrough: '%s' failed\n", line);
        exit(1);
    }
}

static void make_content(const char *backing, const char *program) {
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


static void print_figures(const char *backing, const char *at, char **program) {
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

// ---- what it does when content changes ----

static const char *first_byte(int descriptor, const char *old, const char *new) {
    char got[64];
    if (pread(descriptor, got, sizeof got, 0) != sizeof got)
        return strerror(errno);
    return memcmp(got, old, sizeof got) == 0 ? "the old content" : memcmp(got, new, sizeof got) == 0 ? "the new content" : "?";
}

static void head_of(const char *path, char out[64]) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || pread(descriptor, out, 64, 0) != 64 || close(descriptor) < 0)
        fail(path);
}

static void invalidate(struct tree *t, uint64_t node) {
    struct {
        struct fuse_out_header head;
        struct fuse_notify_inval_inode_out body;
    } note = {{sizeof note, FUSE_NOTIFY_INVAL_INODE, 0}, {node, 0, 0}};
    if (write(t->fuse, &note, sizeof note) < 0)
        fail("invalidate an inode");
}

// Opens again while somebody has the old content open, says how that went, and closes.
static void open_again(struct tree *t, const char *path, const char *how, const char *old, const char *new) {
    int again = open(path, O_RDONLY | O_CLOEXEC);
    if (again < 0) {
        printf("  opened again, %s: %s\n", how, strerror(errno));
        t->direct = t->cached = t->aside = false;
        return;
    }
    const char *read = first_byte(again, old, new);
    void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, again, 0);
    const char *mapped = map == MAP_FAILED ? strerror(errno) : memcmp(map, old, 64) == 0 ? "the old content" : "the new content";
    printf("  opened again, %s: read(2) gives %s, mmap(2) %s\n", how, read, mapped);
    if (map != MAP_FAILED)
        munmap(map, 4096);
    close(again);
    t->direct = t->cached = t->aside = false;
}

static void print_inode_of_mapping(const void *map, int descriptor) {
    struct stat s;
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps || fstat(descriptor, &s) < 0)
        fail("read /proc/self/maps");
    while (fgets(line, sizeof line, maps))
        if (strtoul(line, NULL, 16) == (uintptr_t)map)
            printf("  stat(2) says %x:%02x %lu, /proc/self/maps %s", major(s.st_dev), minor(s.st_dev), (unsigned long)s.st_ino, line);
    fclose(maps);
}

static void print_changes(const char *backing, const char *at) {
    static struct tree t;
    char path[PATH_LIMIT], old_path[PATH_LIMIT], new_path[PATH_LIMIT], old[64], new[64];
    mount_tree(&t, PASSED, backing, at, 1);
    path_in(path, at, "changing");
    path_in(old_path, backing, "changing");
    path_in(new_path, backing, "changing.new");
    head_of(old_path, old);
    head_of(new_path, new);
    printf("a file is open by passthrough, and its home changes it:\n");
    int open1 = open(path, O_RDONLY | O_CLOEXEC);
    if (open1 < 0)
        fail(path);
    printf("  it reads %s\n", first_byte(open1, old, new));
    t.divert = true;
    invalidate(&t, node_of(&t, "/changing"));
    printf("  after NOTIFY_INVAL_INODE it reads %s\n", first_byte(open1, old, new));
    open_again(&t, path, "by passthrough of the new content", old, new);
    t.cached = true;
    open_again(&t, path, "by READ, cached", old, new);
    t.direct = true;
    open_again(&t, path, "by READ, FOPEN_DIRECT_IO", old, new);
    t.aside = true;
    open_again(&t, path, "by READ, FOPEN_DIRECT_IO and the old backing file", old, new);
    void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open1, 0);
    print_inode_of_mapping(map, open1);
    close(open1);
    open_again(&t, path, "the old one closed but mapped, by passthrough of the new content", old, new);
    munmap(map, 4096);
    open_again(&t, path, "nobody has the old content, by passthrough of the new content", old, new);
    t.divert = false;
    int open2 = open(path, O_RDONLY | O_CLOEXEC), writer = open(old_path, O_WRONLY | O_CLOEXEC);
    if (open2 < 0 || writer < 0 || pwrite(writer, new, sizeof new, 0) != sizeof new)
        fail("write to the backing file");
    printf("  the backing file itself overwritten: it reads %s\n", first_byte(open2, old, new));
    close(open2);
    struct stat told;
    if (stat(path, &told) < 0 || chmod(old_path, 0600) < 0)
        fail("chmod");
    // this thread only: the servers stay root
    if (syscall(SYS_setresuid, -1, 65534, -1) < 0)
        fail("become nobody");
    int mine = open(path, O_RDONLY | O_CLOEXEC);
    int behind = open(old_path, O_RDONLY | O_CLOEXEC);
    int behind_errno = errno;
    printf("  the backing file is 0600, the server says 0644: another user opens the mounted one and reads %s, the backing one: %s\n",
           first_byte(mine, old, new), behind >= 0 ? "goes" : strerror(behind_errno));
    if (syscall(SYS_setresuid, -1, 0, -1) < 0)
        fail("become root again");
    unmount_tree(&t);
}

// ---- where it is allowed ----

static void try_depth(const char *backing, const char *at, uint32_t depth, const char *what, bool overlay_on_top) {
    static struct tree t;
    char path[PATH_LIMIT];
    mount_tree(&t, PASSED, backing, at, depth);
    path_in(path, at, "probe");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    printf("  backing file on %s, max_stack_depth %u: %s", what, depth, t.last_errno == 0 ? "goes" : strerror(t.last_errno));
    if (descriptor >= 0)
        close(descriptor);
    if (overlay_on_top) {
        char options[3 * PATH_LIMIT];
        snprintf(options, sizeof options, "lowerdir=%s:%s/lower", at, backing);
        int done = mount("overlay", "/mnt", "overlay", MS_RDONLY, options);
        printf("; an overlayfs above the mount: %s", done == 0 ? "goes" : strerror(errno));
        if (done == 0 && umount2("/mnt", MNT_DETACH) < 0)
            fail("unmount the overlay");
    }
    printf("\n");
    unmount_tree(&t);
}

static void print_where(const char *directory, const char *backing, const char *at) {
    char overlay[PATH_LIMIT], options[4 * PATH_LIMIT];
    shell("cd '%s' && mkdir overlay upper work backing/lower && echo probe > backing/probe%s%s", directory, "", "");
    path_in(overlay, directory, "overlay");
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", backing, directory, directory);
    printf("where it is allowed:\n");
    try_depth(backing, at, 1, "a disk", true);
    try_depth(backing, at, 2, "a disk", true);
    if (mount("overlay", overlay, "overlay", 0, options) < 0)
        fail("mount an overlayfs");
    try_depth(overlay, at, 1, "an overlayfs (a node of a lab)", false);
    try_depth(overlay, at, 2, "an overlayfs (a node of a lab)", false);
    if (umount2(overlay, MNT_DETACH) < 0)
        fail("unmount the overlayfs");
    static struct tree t;
    mount_tree(&t, PASSED, backing, at, 1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct backing_map map = {.fd = 0};
        struct { uint32_t version; int pid; } head = {0x20080522, 0};
        struct { uint32_t effective, permitted, inheritable; } none[2] = {{0, 0, 0}, {0, 0, 0}};
        if (syscall(SYS_capset, &head, none) < 0)
            fail("give up capabilities");
        int id = ioctl(t.fuse, BACKING_OPEN, &map);
        printf("  without CAP_SYS_ADMIN in the first user namespace: %s\n", id < 0 ? strerror(errno) : "goes");
        exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) < 0)
        fail("fork");
    unmount_tree(&t);
}

int main(int argc, char **argv) {
    static char *otherwise[] = {"/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "--version", NULL};
    if (argc < 2) {
        fprintf(stderr, "usage: passthrough DIRECTORY [PROGRAM ARGS...]\n");
        return 2;
    }
    char **program = argc > 2 ? argv + 2 : otherwise;
    char backing[PATH_LIMIT], at[PATH_LIMIT];
    path_in(backing, argv[1], "backing");
    path_in(at, argv[1], "mount");
    // mounts are seen by nobody else, and go with the process
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        fail("make a mount namespace");
    if (mkdir(argv[1], 0755) < 0 || mkdir(backing, 0755) < 0 || mkdir(at, 0755) < 0)
        fail("make the directory");
    make_content(backing, program[0]);
    print_figures(backing, at, program);
    print_changes(backing, at);
    print_where(argv[1], backing, at);
    shell("rm -rf '%s'%s%s", argv[1], "", "");
    return 0;
}
