// Process: drover-keeper. The conversation with one guest's deputy.
#define _GNU_SOURCE
#include "keeper.h"

#include <signal.h>
#include <sys/ioctl.h>

static void simple_frame(struct guest *g, uint8_t kind) {
    daemon_end(g->keeper, session_frame(g, kind));
}

static void put_usage(struct guest *g, const struct init_exit *e) {
    struct bytes *out = &g->keeper->daemon.out;
    put_u64(out, e->utime_us);
    put_u64(out, e->stime_us);
    put_u64(out, e->maxrss_bytes);
}

void session_tell_stop(struct guest *g) {
    size_t mark = session_frame(g, g->stopped ? S_STOPPED : S_CONTINUED);
    if (g->stopped)
        put_u8(&g->keeper->daemon.out, g->stopped);
    daemon_end(g->keeper, mark);
}

static bool delivered(const struct guest *g, bool to_the_end) {
    for (int i = 0; i < 3; i++) {
        const struct stream *s = &g->out[i];
        if (s->fd < 0 || s->refused)
            continue;
        if (to_the_end ? !s->ended || !ring_is_empty(&s->ring) : s->ring.acked < s->exit_mark)
            return false;
    }
    return true;
}

void session_tell_end(struct guest *g) {
    struct bytes *out = &g->keeper->daemon.out;
    if (g->has_exit && !g->exit_told && delivered(g, g->has_gone)) {
        g->exit_told = g->exit_ever_told = true;
        g->gone_told |= g->exit.gone;
        size_t mark = session_frame(g, S_EXITED);
        put_u8(out, g->exit.how);
        put_u8(out, g->exit.code);
        put_u8(out, g->exit.core);
        put_u8(out, g->exit.gone);
        put_usage(g, &g->exit);
        daemon_end(g->keeper, mark);
    }
    if (g->has_gone && g->exit_told && !g->gone_told && delivered(g, true)) {
        g->gone_told = true;
        size_t mark = session_frame(g, S_GONE);
        put_usage(g, &g->gone);
        daemon_end(g->keeper, mark);
    }
}

static void acked(struct guest *g, uint8_t number, uint64_t offset) {
    if (number < 1 || number > 3)
        return;
    struct stream *s = &g->out[number - 1];
    if (s->fd < 0 || !ring_ack(&s->ring, offset))
        return;
    stream_pump_out(s);
    session_tell_end(g);
}

static void closed(struct guest *g, uint8_t number) {
    if (number < 1 || number > 3 || g->out[number - 1].fd < 0)
        return;
    struct stream *s = &g->out[number - 1];
    s->refused = true;
    if (s->is_pty) { // a terminal without a screen swallows
        s->ready = true;
        stream_pump_out(s);
    } else
        stream_close(s); // a pipe without a reader: the guest gets SIGPIPE
    session_tell_end(g);
}

static void signalled(struct guest *g, uint32_t sequence, uint8_t signo) {
    if (sequence > g->signal_seen || sequence == 0) { // each once, however often it is sent
        uint8_t message[2] = {I_SIGNAL, signo};
        if (g->cradle.control >= 0 && g->state != GUEST_EXITED && !cradle_send(&g->cradle, message, 2, NULL, 0))
            return; // not acknowledged: it comes again
        if ((signo & ~SIGNAL_TO_GROUP) == SIGKILL)
            guest_freeze(g, FREEZE_USER, false); // who stands still does not die
        g->signal_seen = sequence > g->signal_seen ? sequence : g->signal_seen;
    }
    size_t mark = session_frame(g, S_SIGNAL_ACK);
    put_u32(&g->keeper->daemon.out, sequence);
    daemon_end(g->keeper, mark);
}

static void freeze(struct guest *g, uint8_t frozen) {
    guest_freeze(g, FREEZE_USER, frozen);
    size_t mark = session_frame(g, S_FROZEN);
    put_u8(&g->keeper->daemon.out, frozen);
    daemon_end(g->keeper, mark);
}

static void resized(struct guest *g, struct reader *r) {
    struct winsize size = {0};
    size.ws_row = get_u16(r);
    size.ws_col = get_u16(r);
    size.ws_xpixel = get_u16(r);
    size.ws_ypixel = get_u16(r);
    for (int i = 0; i < 3 && !r->bad; i++)
        if (g->out[i].is_pty && g->out[i].fd >= 0)
            ioctl(g->out[i].fd, TIOCSWINSZ, &size);
}

/// Something between the two ends was replaced: everything not acknowledged goes again, in both directions.
void session_resync(struct guest *g) {
    simple_frame(g, S_RESYNC);
    size_t mark = session_frame(g, S_ACK);
    put_u8(&g->keeper->daemon.out, STREAM_STDIN);
    put_u64(&g->keeper->daemon.out, g->in.ring.acked);
    daemon_end(g->keeper, mark);
    if (g->in.end_told || (g->in.fd == -1 && !g->in.ended)) {
        mark = session_frame(g, S_CLOSED);
        put_u8(&g->keeper->daemon.out, STREAM_STDIN);
        daemon_end(g->keeper, mark);
    }
    for (int i = 0; i < 3; i++)
        if (g->out[i].fd >= 0 && !g->out[i].refused) {
            ring_rewind(&g->out[i].ring);
            g->out[i].end_told = false;
            stream_send(&g->out[i]);
        }
    if (g->stopped)
        session_tell_stop(g);
    g->exit_told = g->gone_told = false;
    session_tell_end(g);
}

void session_receive(struct guest *g, struct reader *r) {
    uint8_t kind = get_u8(r);
    if (r->bad)
        return;
    if (guest_is_held(g))
        return; // the other side of the move, or this one again, asks for it by RESYNC
    if (g->state == GUEST_STARTING || g->state == GUEST_FAILED) {
        if (kind != S_SIGNAL)
            return; // the deputy speaks after STARTED; what it says is said again at RESYNC
    }
    switch ((enum session_kind)kind) {
        case S_DATA: {
            uint8_t number = get_u8(r);
            uint64_t offset = get_u64(r);
            struct slice data = get_rest(r);
            if (!r->bad && number == STREAM_STDIN)
                stream_data(g, offset, data.at, data.length);
            break;
        }
        case S_ACK: {
            uint8_t number = get_u8(r);
            uint64_t offset = get_u64(r);
            if (!r->bad)
                acked(g, number, offset);
            break;
        }
        case S_END: {
            uint8_t number = get_u8(r);
            uint64_t offset = get_u64(r);
            if (!r->bad && number == STREAM_STDIN && offset == g->in.ring.end) {
                g->in.ended = true;
                stream_feed(g);
            }
            break;
        }
        case S_CLOSED: closed(g, get_u8(r)); break;
        case S_SIGNAL: {
            uint32_t sequence = get_u32(r);
            uint8_t signo = get_u8(r);
            if (!r->bad && (signo & 0x7f) >= 1 && (signo & 0x7f) <= 64)
                signalled(g, sequence, signo);
            break;
        }
        case S_WINSIZE: resized(g, r); break;
        case S_RESYNC: session_resync(g); break;
        case S_FREEZE: {
            uint8_t frozen = get_u8(r);
            if (!r->bad)
                freeze(g, frozen);
            break;
        }
        case S_SIGNAL_ACK:
        case S_STOPPED:
        case S_CONTINUED:
        case S_EXITED:
        case S_GONE:
        case S_FROZEN:
        case S_USAGE: break; // only the keeper says these
    }
}
