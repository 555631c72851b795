// Process: bench/passthrough's, see passthrough.c: what its files share.
#ifndef PASSTHROUGH_H
#define PASSTHROUGH_H
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
// One served tree. `fuse` is -1 for NATIVE.
struct tree {
    enum mode mode;
    int fuse;
    pthread_t servers[SERVERS];
    char backing[PATH_LIMIT]; // the directory that is served
    char mount[PATH_LIMIT];
    uint32_t stack_depth;
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

_Noreturn void fail(const char *what);
uint64_t now_ns(void);
void path_in(char out[PATH_LIMIT], const char *directory, const char *name);
void shell(const char *format, const char *a, const char *b, const char *c);

// passthrough-server.c
uint64_t node_of(struct tree *t, const char *path);
void mount_tree(struct tree *t, enum mode mode, const char *backing, const char *at, uint32_t stack_depth);
void unmount_tree(struct tree *t);

// passthrough-figures.c
void make_content(const char *backing, const char *program);
void print_figures(const char *backing, const char *at, char **program);

#endif
