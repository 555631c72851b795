// Process: drover-keeper. The guest's stdio: its pipes and pty on one side, DATA, ACK, END and CLOSED on the other.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/// What is written to a one-slot pipe in one go.
#define SLOT_BYTES 4096

uint8_t stream_number(const struct stream *s) {
    return s == &s->guest->in ? STREAM_STDIN : (uint8_t)(s - s->guest->out + 1);
}

static void on_ready(struct watch *w, uint32_t events) {
    struct stream *s = (struct stream *)((char *)w - offsetof(struct stream, watch));
    if (s->fd < 0)
        return;
    s->ready = true;
    if (guest_is_held(s->guest))
        return; // what it holds is on its way
    if (s == &s->guest->in) {
        if ((events & EPOLLERR) && !s->is_pty) // the guest has closed its end
            s->refused = true;
        stream_feed(s->guest);
    } else {
        stream_pump_out(s);
        session_tell_end(s->guest);
    }
}

void stream_open(struct stream *s, struct guest *g, int fd, uint32_t events) {
    s->guest = g;
    s->fd = fd;
    watch_add(g->keeper, &s->watch, fd, events, on_ready);
}

void stream_close(struct stream *s) {
    if (s->fd >= 0)
        watch_close(s->guest->keeper, s->fd);
    s->fd = -1;
    s->ready = false;
    ring_free(&s->ring);
}

void stream_send(struct stream *s) {
    struct guest *g = s->guest;
    struct bytes *out = &g->keeper->daemon.out;
    if (g->state == GUEST_STARTING)
        return; // a quick guest prints before its init has seen the exec; STARTED goes first
    while (s->ring.sent < s->ring.end && daemon_has_room(g->keeper)) {
        size_t length;
        const uint8_t *data = ring_unsent(&s->ring, CHUNK_BYTES, &length);
        size_t mark = session_frame(g, S_DATA);
        put_u8(out, stream_number(s));
        put_u64(out, s->ring.sent);
        put_raw(out, data, length);
        daemon_end(g->keeper, mark);
        s->ring.sent += length;
    }
    if (s->ended && !s->end_told && s->ring.sent == s->ring.end && daemon_has_room(g->keeper)) {
        size_t mark = session_frame(g, S_END);
        put_u8(out, stream_number(s));
        put_u64(out, s->ring.end);
        daemon_end(g->keeper, mark);
        s->end_told = true;
    }
}

void stream_pump_out(struct stream *s) {
    while (s->fd >= 0 && s->ready && !s->ended) {
        size_t room;
        uint8_t discarded[4096];
        uint8_t *to = s->refused ? discarded : ring_space(&s->ring, &room);
        if (s->refused)
            room = sizeof discarded;
        if (room == 0)
            break; // an ACK makes room and comes back here
        ssize_t n = read(s->fd, to, room);
        if (n > 0 && !s->refused)
            ring_added(&s->ring, (size_t)n);
        if (n > 0 || (n < 0 && errno == EINTR))
            continue;
        // A pty nobody has open says EIO; that is its end only when no process is left to open it again.
        if (n < 0 && (errno == EAGAIN || !s->guest->has_gone)) {
            s->ready = false;
            break;
        }
        s->ended = true;
    }
    stream_send(s);
}

/// The output written so far must be acknowledged before the exit is told.
void stream_mark_exit(struct guest *g) {
    stream_ack_input(g);
    for (int i = 0; i < 3; i++) {
        struct stream *s = &g->out[i];
        if (s->fd < 0)
            continue;
        s->ready = true;
        stream_pump_out(s);
        int unread = 0;
        if (!s->ended && s->ready && ioctl(s->fd, FIONREAD, &unread) < 0)
            unread = 0;
        s->exit_mark = s->ring.end + (uint64_t)unread;
    }
}

static void acknowledge(struct stream *s, uint64_t offset) {
    size_t mark = session_frame(s->guest, S_ACK);
    put_u8(&s->guest->keeper->daemon.out, STREAM_STDIN);
    put_u64(&s->guest->keeper->daemon.out, offset);
    daemon_end(s->guest->keeper, mark);
}

/// ring.sent is what was written to the guest, ring.acked what it has read.
void stream_ack_input(struct guest *g) {
    struct stream *s = &g->in;
    int unread = 0;
    if (s->fd < 0)
        return; // what was left unread then stays at home
    if (!s->is_pty && ioctl(s->fd, FIONREAD, &unread) < 0)
        unread = 0;
    uint64_t consumed = s->ring.sent - (uint64_t)unread;
    if (consumed > s->ring.acked) {
        ring_ack(&s->ring, consumed);
        acknowledge(s, consumed);
    }
}

static void tell_closed(struct guest *g) {
    if (g->in.end_told)
        return;
    g->in.end_told = true;
    size_t mark = session_frame(g, S_CLOSED);
    put_u8(&g->keeper->daemon.out, STREAM_STDIN);
    daemon_end(g->keeper, mark);
}

/// Keeps the offsets, for an ACK may be asked for again.
static void close_input(struct stream *s) {
    struct ring offsets = {NULL, s->ring.acked, s->ring.sent, s->ring.end};
    stream_close(s);
    s->ring = offsets;
}

void stream_feed(struct guest *g) {
    struct stream *s = &g->in;
    if (g->state == GUEST_STARTING)
        return; // one that moves here: CRIU puts nothing into a pipe that it is given
    while (s->fd >= 0 && s->ready && !s->refused && s->ring.sent < s->ring.end) {
        size_t length;
        const uint8_t *data = ring_unsent(&s->ring, SLOT_BYTES, &length);
        ssize_t n = write(s->fd, data, length);
        if (n > 0)
            s->ring.sent += (size_t)n;
        else if (errno == EAGAIN)
            s->ready = false;
        else if (errno != EINTR)
            s->refused = true; // EPIPE, or EIO of a pty
    }
    stream_ack_input(g);
    if (s->refused)
        tell_closed(g);
    // The end is passed on when the last byte has left; a terminal's end is a character, and came as one.
    if (s->fd >= 0 && !s->is_pty && (s->refused || (s->ended && s->ring.sent == s->ring.end && ring_is_empty(&s->ring))))
        close_input(s);
}

void stream_data(struct guest *g, uint64_t offset, const uint8_t *data, size_t length) {
    struct stream *s = &g->in;
    if (s->fd == -1 || s->refused) {
        tell_closed(g);
        return;
    }
    if (offset > s->ring.end)
        return; // lost on the way: RESYNC brings it again
    uint64_t known = s->ring.end - offset;
    if (known >= length)
        return;
    data += known;
    length -= (size_t)known;
    if (length > ring_room(&s->ring))
        length = ring_room(&s->ring); // beyond the window: the sender will have to repeat it
    ring_append(&s->ring, data, length);
    stream_feed(g);
}
