// Process: bench/passthrough's only one, and its children. Serves a tree of its own through /dev/fuse in several ways, and
// has a program read it: what FUSE passthrough gives against READ replies from a cache, and what it does when content changes.
// No part of Drover runs in it: it says what the kernel can do, not what the daemon does (that is bench/files).
// usage: passthrough DIRECTORY [PROGRAM ARGS...]   (root; DIRECTORY must not exist, and is removed at the end)
#define _GNU_SOURCE
#include "passthrough.h"

_Noreturn void fail(const char *what) {
    fprintf(stderr, "passthrough: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

uint64_t now_ns(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
        fail("read the clock");
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void path_in(char out[PATH_LIMIT], const char *directory, const char *name) {
    if (snprintf(out, PATH_LIMIT, "%s/%s", directory, name) >= PATH_LIMIT) {
        errno = ENAMETOOLONG;
        fail("make a path");
    }
}

void shell(const char *format, const char *a, const char *b, const char *c) {
    char line[2048];
    snprintf(line, sizeof line, format, a, b, c);
    if (system(line) != 0) {
        fprintf(stderr, "passthrough: '%s' failed\n", line);
        exit(1);
    }
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
            printf("  stat(2) says %x:%02x %lu, /proc/self/maps %s", major(s.st_dev), minor(s.st_dev), (unsigned long)s.st_ino,
                   line);
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
    if (mine < 0)
        fail("open the mounted file as another user");
    int behind = open(old_path, O_RDONLY | O_CLOEXEC);
    int behind_errno = errno;
    printf("  the backing file is 0600, the server says 0644: another user reads %s in the mounted one; the backing one: %s\n",
           first_byte(mine, old, new), behind >= 0 ? "goes" : strerror(behind_errno));
    if (syscall(SYS_setresuid, -1, 0, -1) < 0)
        fail("become root again");
    close(mine);
    close(behind);
    close(writer);
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
        if (done == 0 && umount2("/mnt", 0) < 0)
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
