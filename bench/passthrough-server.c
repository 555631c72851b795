// Process: bench/passthrough's, see passthrough.c: the file server, which answers the kernel in the way that a mode says.
#define _GNU_SOURCE
#include "passthrough.h"

static void reply(struct tree *t, uint64_t unique, int error, const void *body, size_t length) {
    struct fuse_out_header head = {.len = (uint32_t)(sizeof head + length), .error = -error, .unique = unique};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)body, length}};
    if (writev(t->fuse, parts, length > 0 ? 2 : 1) < 0 && errno != ENOENT && errno != ENODEV)
        fail("reply to the kernel");
}

uint64_t node_of(struct tree *t, const char *path) {
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
        if (got < 0 && errno == ENODEV) { // unmounted
            close(ends[0]);
            close(ends[1]);
            free(request);
            free(buffer);
            return NULL;
        }
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

void mount_tree(struct tree *t, enum mode mode, const char *backing, const char *at, uint32_t stack_depth) {
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
    for (int i = 0; i < SERVERS; i++)
        if ((errno = pthread_create(&t->servers[i], NULL, serve, t)) != 0)
            fail("start a server");
    struct stat s;
    if (stat(at, &s) < 0)
        fail("look at the mount");
    char file[PATH_LIMIT];
    snprintf(file, sizeof file, "/sys/class/bdi/%u:%u/read_ahead_kb", major(s.st_dev), minor(s.st_dev));
    FILE *ahead = fopen(file, "we");
    if (!ahead || fprintf(ahead, "%d", READ_AHEAD_KIB) < 0 || fclose(ahead) != 0)
        fail("set the read-ahead");
}

void unmount_tree(struct tree *t) {
    if (t->mode == NATIVE)
        return;
    if (umount2(t->mount, 0) < 0)
        fail("unmount (is a file still open?)");
    // they have answered all releases when the kernel says that the mount is gone
    for (int i = 0; i < SERVERS; i++)
        if ((errno = pthread_join(t->servers[i], NULL)) != 0)
            fail("wait for a server");
    close(t->fuse);
}

