// Process: the deputy. The job's stdin. A byte leaves home's pipe, file or socket only when the guest has read it: until
// then it is only looked at (docs/adr/0002-stdin-is-peeked.md).
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/// The most that is looked at beyond what is consumed: a pipe's usual size.
#define PEEK_BYTES (64u << 10)
#define KEYSTROKES_BYTES 4096

void source_find(struct source *s, const struct terminal *t) {
    struct stat st;
    *s = (struct source){.as = KIND_PIPE, .tee = {-1, -1}, .ready = true};
    if (fstat(0, &st) < 0) {
        s->as = KIND_CLOSED;
    } else if (t->reads) {
        s->kind = SOURCE_CHARACTERS;
        s->as = KIND_TTY;
    } else if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) {
        s->as = KIND_NULL;
    } else if (S_ISFIFO(st.st_mode)) {
        s->kind = SOURCE_PIPE;
        if (pipe2(s->tee, O_CLOEXEC | O_NONBLOCK) < 0)
            die("cannot make a pipe");
    } else if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
        s->kind = SOURCE_FILE;
        s->base = lseek(0, 0, SEEK_CUR);
    } else if (S_ISSOCK(st.st_mode)) {
        s->kind = SOURCE_SOCKET;
    } else
        s->kind = SOURCE_CHARACTERS;
}

static bool has_input(short *events) {
    struct pollfd p = {0, POLLIN, 0};
    int n = poll(&p, 1, 0);
    *events = p.revents;
    return n > 0;
}

/// Discards the first `skip` bytes of our copy, then moves the rest into the ring.
static size_t take_copy(struct source *s, size_t skip, size_t length) {
    static uint8_t scratch[PEEK_BYTES];
    for (size_t done = 0; done < skip;) {
        ssize_t n = read(s->tee[0], scratch, skip - done < sizeof scratch ? skip - done : sizeof scratch);
        if (n <= 0)
            return 0;
        done += (size_t)n;
    }
    size_t added = 0;
    while (added < length) {
        size_t room;
        uint8_t *to = ring_space(&s->ring, &room);
        if (room == 0)
            break;
        ssize_t n = read(s->tee[0], to, room < length - added ? room : length - added);
        if (n <= 0)
            break;
        ring_added(&s->ring, (size_t)n);
        added += (size_t)n;
    }
    return added;
}

static void peek_pipe(struct source *s) {
    short events = 0;
    has_input(&events);
    s->hung_up |= (events & POLLHUP) != 0;
    size_t shown = (size_t)(s->ring.end - s->ring.acked); // still in front, unconsumed
    ssize_t n = tee(0, s->tee[1], PEEK_BYTES, SPLICE_F_NONBLOCK);
    if (n > 0 && (size_t)n > shown)
        take_copy(s, shown, (size_t)n - shown);
    else if (n > 0)
        take_copy(s, (size_t)n, 0);
    // All there is was shown, and nobody can add to it.
    if (s->hung_up && (n == 0 || (n > 0 && (size_t)n <= shown) || (n < 0 && errno == EAGAIN && shown == 0)))
        s->ended = true;
    s->ready = false; // edge-triggered: more of it, or less, brings us back
}

static void peek_file(struct source *s) {
    while (!s->ended) {
        size_t room;
        uint8_t *to = ring_space(&s->ring, &room);
        if (room == 0)
            return;
        ssize_t n = pread(0, to, room, s->base + (off_t)s->ring.end);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            s->ended = true;
        else
            ring_added(&s->ring, (size_t)n);
    }
}

static void peek_socket(struct source *s) {
    static uint8_t copy[PEEK_BYTES];
    size_t shown = (size_t)(s->ring.end - s->ring.acked);
    s->ready = false;
    if (shown >= sizeof copy)
        return;
    ssize_t n = recv(0, copy, sizeof copy, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        s->ended = true;
    else if (n > 0 && (size_t)n > shown)
        ring_append(&s->ring, copy + shown, (size_t)n - shown);
    else if (n > 0) {
        struct pollfd p = {0, POLLRDHUP, 0};
        s->ended = poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP));
    }
}

static void read_characters(struct source *s, const struct terminal *t) {
    short events;
    while (has_input(&events)) {
        if (s->as == KIND_TTY && !terminal_foreground(t))
            break; // it is the shell's now
        size_t room;
        uint8_t *to = ring_space(&s->ring, &room);
        if (room == 0)
            return;
        ssize_t n = read(0, to, room < KEYSTROKES_BYTES ? room : KEYSTROKES_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            s->ended = true;
            return;
        }
        ring_added(&s->ring, (size_t)n);
    }
    s->ready = false;
}

void source_peek(struct source *s, const struct terminal *t) {
    if (s->closed || s->ended || !s->ready)
        return;
    switch (s->kind) {
        case SOURCE_NONE: return;
        case SOURCE_PIPE: peek_pipe(s); return;
        case SOURCE_FILE: peek_file(s); return;
        case SOURCE_SOCKET: peek_socket(s); return;
        case SOURCE_CHARACTERS: read_characters(s, t); return;
    }
}

static void drop_from_pipe(size_t length) {
    static uint8_t scratch[PEEK_BYTES];
    while (length > 0) {
        short events;
        if (!has_input(&events) || !(events & POLLIN))
            return; // another reader of the same pipe took it
        ssize_t n = read(0, scratch, length < sizeof scratch ? length : sizeof scratch);
        if (n <= 0)
            return;
        length -= (size_t)n;
    }
}

void source_consume(struct source *s, uint64_t offset) {
    if (!ring_ack(&s->ring, offset) || offset <= s->taken)
        return;
    size_t length = (size_t)(offset - s->taken);
    s->taken = offset;
    s->ready = true; // there may be more behind what was consumed
    static uint8_t scratch[PEEK_BYTES];
    switch (s->kind) {
        case SOURCE_NONE:
        case SOURCE_CHARACTERS: return;
        case SOURCE_PIPE: drop_from_pipe(length); return;
        case SOURCE_FILE: lseek(0, s->base + (off_t)offset, SEEK_SET); return;
        case SOURCE_SOCKET:
            while (length > 0) {
                ssize_t n = recv(0, scratch, length < sizeof scratch ? length : sizeof scratch, MSG_DONTWAIT);
                if (n <= 0)
                    return;
                length -= (size_t)n;
            }
            return;
    }
}

bool source_restart(struct source *s) {
    if (s->taken > 0 && s->kind != SOURCE_FILE)
        return false;
    if (s->kind == SOURCE_FILE)
        lseek(0, s->base, SEEK_SET);
    uint64_t kept = s->ring.end;
    if (s->kind == SOURCE_FILE) {
        ring_free(&s->ring);
        s->ended = false;
    } else if (kept > 0)
        ring_rewind(&s->ring);
    s->taken = 0;
    s->end_sent = s->closed = false;
    s->ready = true;
    return true;
}
