// Process: drover-keeper. What the source's keeper tells the target's of a guest, beside the image. The daemons between pass
// it on as it is.
#define _GNU_SOURCE
#include "keeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 2
/// What a pipe holds at most, by default: then the ring has no room for what is in the pipe.
#define PIPE_BYTES (64u << 10)

enum stream_flags { ENDED = 1, REFUSED = 2, END_TOLD = 4, OPEN = 8 };

static uint64_t inode_of(pid_t pid, const char *what) {
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static int32_t pid_inside(pid_t pid) {
    char path[64], line[256];
    int32_t inside = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "NSpid:", 6) == 0 && strrchr(line, '\t'))
            sscanf(strrchr(line, '\t'), "%d", &inside);
    if (f)
        fclose(f);
    return inside;
}

static void put_ring(struct ring *r, struct bytes *to) {
    put_u64(to, r->acked);
    put_u32(to, (uint32_t)(r->end - r->acked));
    struct ring from = {r->base, r->acked, r->acked, r->end};
    while (from.sent < from.end) {
        size_t length;
        const uint8_t *data = ring_unsent(&from, WINDOW_BYTES, &length);
        put_raw(to, data, length);
        from.sent += length;
    }
}

/// What is in the pipe still, which stays there: the guest may go on here.
static void put_left(const struct stream *s, struct bytes *to) {
    uint8_t data[PIPE_BYTES];
    size_t got = 0;
    int copy[2];
    if (s->fd >= 0 && !s->is_pty && !s->ended && pipe2(copy, O_CLOEXEC | O_NONBLOCK) == 0) {
        if (tee(s->fd, copy[1], sizeof data, SPLICE_F_NONBLOCK) > 0)
            for (ssize_t n; (n = read(copy[0], data + got, sizeof data - got)) > 0;)
                got += (size_t)n;
        close(copy[0]);
        close(copy[1]);
    }
    put_str(to, data, got);
}

static void put_stream(struct stream *s, bool input, struct bytes *to) {
    put_u8(to, s->kind);
    put_u8(to, (uint8_t)((s->ended ? ENDED : 0) | (s->refused ? REFUSED : 0) | (s->end_told ? END_TOLD : 0) | (s->fd >= 0 ? OPEN : 0)));
    put_u64(to, s->pipe);
    put_ring(&s->ring, to);
    if (!input)
        put_left(s, to);
}

const char *handoff_put(struct guest *g, struct bytes *to) {
    for (int i = 0; i < 3; i++) {
        g->out[i].ready = g->out[i].fd >= 0;
        stream_pump_out(&g->out[i]);
    }
    stream_ack_input(g); // what it has read by now
    struct cgroup_usage used;
    if (!usage_of_here(g, &used))
        used = (struct cgroup_usage){0};
    put_u8(to, VERSION);
    put_u32(to, g->terms.uid);
    put_u32(to, g->terms.gid);
    put_u64(to, g->terms.memory_limit_bytes);
    put_u32(to, g->terms.cpu_weight);
    put_u64(to, inode_of(g->cradle.pid, "fd/3"));
    put_u64(to, inode_of(g->cradle.pid, "ns/net"));
    put_u32(to, (uint32_t)pid_inside(g->first_pid));
    put_u32(to, g->signal_seen);
    put_u8(to, g->stopped);
    put_u64(to, used.utime_us + g->carried.utime_us);
    put_u64(to, used.stime_us + g->carried.stime_us);
    put_stream(&g->in, true, to);
    for (int i = 0; i < 3; i++)
        put_stream(&g->out[i], false, to);
    return terminal_put(g, to);
}

static bool take_ring(struct ring *ring, struct reader *r) {
    uint64_t acked = get_u64(r);
    uint32_t length = get_u32(r);
    if (r->bad || length > WINDOW_BYTES || length > r->left)
        return false;
    *ring = (struct ring){NULL, acked, acked, acked};
    ring_append(ring, r->at, length);
    r->at += length;
    r->left -= length;
    return true;
}

static bool take_stream(struct stream *s, bool input, struct reader *r) {
    s->kind = get_u8(r);
    uint8_t flags = get_u8(r);
    s->ended = flags & ENDED;
    s->refused = flags & REFUSED;
    s->end_told = flags & END_TOLD;
    s->was_open = flags & OPEN;
    s->pipe = get_u64(r);
    if (!take_ring(&s->ring, r))
        return false;
    s->left = input ? (struct slice){0} : get_str(r);
    return !r->bad && s->left.length <= PIPE_BYTES;
}

bool handoff_take(struct guest *g, struct reader *r, struct handoff *h) {
    if (get_u8(r) != VERSION)
        return false;
    g->terms = (struct terms){.root = 1, .net = 0};
    g->terms.uid = get_u32(r);
    g->terms.gid = get_u32(r);
    g->terms.memory_limit_bytes = get_u64(r);
    g->terms.cpu_weight = get_u32(r);
    h->control = get_u64(r);
    h->network = get_u64(r);
    h->first = (int32_t)get_u32(r);
    g->signal_seen = get_u32(r);
    g->stopped = get_u8(r);
    g->carried.utime_us = get_u64(r);
    g->carried.stime_us = get_u64(r);
    bool ok = take_stream(&g->in, true, r);
    for (int i = 0; i < 3 && ok; i++)
        ok = take_stream(&g->out[i], false, r);
    struct terminal *t = &h->terminal;
    return ok && terminal_take(t, r) && !r->bad && t->reads == (g->in.kind == KIND_TTY)
        && (t->there && t->stream == 0) == (g->out[0].kind == KIND_TTY);
}
