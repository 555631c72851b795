// Process: the deputy. Its conversation with the keeper on the guest's node: streams, signals, stops, reruns.
#define _GNU_SOURCE
#include "deputy.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/// Stdin waits at home beyond this.
#define OUT_SOFT_LIMIT_BYTES (512u << 10)

_Noreturn void give_up(struct deputy *d, int status) {
    terminal_restore(&d->terminal);
    _exit(status);
}

static size_t session(struct deputy *d, uint8_t kind) {
    size_t mark = frame_begin(&d->daemon.out, C_SESSION);
    put_u32(&d->daemon.out, d->started ? d->epoch : 0);
    put_u8(&d->daemon.out, kind);
    return mark;
}

static void send_signal_frame(struct deputy *d, unsigned i) {
    size_t mark = session(d, S_SIGNAL);
    put_u32(&d->daemon.out, d->signals[i].sequence);
    put_u8(&d->daemon.out, d->signals[i].signo);
    frame_end(&d->daemon.out, mark);
}

void send_signal(struct deputy *d, uint8_t signo) {
    if (d->signal_count == SIGNAL_LIMIT)
        return;
    d->signals[d->signal_count].sequence = ++d->next_signal;
    d->signals[d->signal_count].signo = signo;
    if (d->daemon.fd >= 0)
        send_signal_frame(d, d->signal_count);
    d->signal_count++;
}

void send_window_size(struct deputy *d) {
    if (d->terminal.fd < 0 || !d->started || d->daemon.fd < 0)
        return;
    struct winsize size = terminal_size(&d->terminal);
    size_t mark = session(d, S_WINSIZE);
    put_u16(&d->daemon.out, size.ws_row);
    put_u16(&d->daemon.out, size.ws_col);
    put_u16(&d->daemon.out, size.ws_xpixel);
    put_u16(&d->daemon.out, size.ws_ypixel);
    frame_end(&d->daemon.out, mark);
}

void send_input(struct deputy *d) {
    struct source *s = &d->in;
    source_peek(s, &d->terminal);
    while (!s->closed && s->ring.sent < s->ring.end && bytes_length(&d->daemon.out) < OUT_SOFT_LIMIT_BYTES) {
        size_t length;
        const uint8_t *data = ring_unsent(&s->ring, CHUNK_BYTES, &length);
        size_t mark = session(d, S_DATA);
        put_u8(&d->daemon.out, STREAM_STDIN);
        put_u64(&d->daemon.out, s->ring.sent);
        put_raw(&d->daemon.out, data, length);
        frame_end(&d->daemon.out, mark);
        s->ring.sent += length;
    }
    if (s->ended && !s->end_sent && !s->closed && s->ring.sent == s->ring.end) {
        size_t mark = session(d, S_END);
        put_u8(&d->daemon.out, STREAM_STDIN);
        put_u64(&d->daemon.out, s->ring.end);
        frame_end(&d->daemon.out, mark);
        s->end_sent = true;
    }
}

void send_acks(struct deputy *d) {
    for (unsigned i = 0; i < 3; i++) {
        struct sink *s = &d->out[i];
        if (s->ring.acked > s->acked_sent) {
            size_t mark = session(d, S_ACK);
            put_u8(&d->daemon.out, (uint8_t)(i + 1));
            put_u64(&d->daemon.out, s->ring.acked);
            frame_end(&d->daemon.out, mark);
            s->acked_sent = s->ring.acked;
        }
        if (s->closed && !s->closed_sent) {
            size_t mark = session(d, S_CLOSED);
            put_u8(&d->daemon.out, (uint8_t)(i + 1));
            frame_end(&d->daemon.out, mark);
            s->closed_sent = true;
        }
    }
}

/// Everything the keeper may have missed.
void send_all_again(struct deputy *d) {
    ring_rewind(&d->in.ring);
    d->in.end_sent = false;
    for (int i = 0; i < 3; i++) {
        d->out[i].acked_sent = 0;
        d->out[i].closed_sent = false;
    }
    for (unsigned i = 0; i < d->signal_count; i++)
        send_signal_frame(d, i);
    send_window_size(d);
}

void ask_resync(struct deputy *d) {
    frame_end(&d->daemon.out, session(d, S_RESYNC));
    for (int i = 0; i < 3; i++)
        d->out[i].acked_sent = 0;
}

void stop_here(struct deputy *d, int signo) {
    terminal_restore(&d->terminal);
    send_acks(d);
    channel_flush(&d->daemon);
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, signo);
    kill(getpid(), signo);
    sigprocmask(SIG_UNBLOCK, &one, &before); // here it stops; in an orphaned group the kernel goes on at once
    sigprocmask(SIG_SETMASK, &before, NULL);
    struct timespec none = {0};
    sigemptyset(&one);
    sigaddset(&one, SIGCONT);
    sigtimedwait(&one, NULL, &none); // it has done its work
    if (!d->started)
        return;
    terminal_raw(&d->terminal);
    send_window_size(d);
    send_signal(d, SIGCONT | SIGNAL_TO_GROUP);
}

void begin_epoch(struct deputy *d, uint32_t epoch) {
    if (d->started && epoch == d->epoch)
        return; // told again after a new connection
    bool again = d->started;
    d->epoch = epoch;
    d->started = true;
    terminal_raw(&d->terminal);
    if (!again)
        return;
    if (!source_restart(&d->in)) {
        say("drover: job %llu cannot run again: it has read input that cannot be had twice; start it anew",
            (unsigned long long)d->job);
        send_signal(d, SIGKILL);
        channel_flush(&d->daemon);
        give_up(d, EXIT_DROVER);
    }
    for (int i = 0; i < 3; i++)
        sink_restart(&d->out[i]);
    d->next_signal = 0;
    d->signal_count = 0;
    send_window_size(d);
}

void on_session(struct deputy *d, struct reader *r) {
    uint32_t epoch = get_u32(r);
    uint8_t kind = get_u8(r);
    if (r->bad || !d->started || epoch != d->epoch)
        return; // of a guest that was given up
    switch ((enum session_kind)kind) {
        case S_DATA: {
            uint8_t number = get_u8(r);
            uint64_t offset = get_u64(r);
            struct slice data = get_rest(r);
            if (r->bad || number < 1 || number > 3)
                return;
            struct sink *s = &d->out[number - 1];
            bool whole = sink_receive(s, offset, data.at, data.length);
            if (!whole && !d->gap_told)
                ask_resync(d);
            d->gap_told = !whole;
            if (s->differs) {
                say("drover: job %llu was run again and printed something else than before; what is shown is incomplete",
                    (unsigned long long)d->job);
                send_signal(d, SIGKILL);
                channel_flush(&d->daemon);
                give_up(d, EXIT_DROVER);
            }
            return;
        }
        case S_ACK: {
            uint8_t number = get_u8(r);
            uint64_t offset = get_u64(r);
            if (!r->bad && number == STREAM_STDIN)
                source_consume(&d->in, offset);
            return;
        }
        case S_CLOSED:
            if (get_u8(r) == STREAM_STDIN)
                d->in.closed = true;
            return;
        case S_SIGNAL_ACK: {
            uint32_t sequence = get_u32(r);
            unsigned kept = 0;
            for (unsigned i = 0; i < d->signal_count; i++)
                if (d->signals[i].sequence != sequence)
                    d->signals[kept++] = d->signals[i];
            d->signal_count = kept;
            return;
        }
        case S_STOPPED: {
            uint8_t signo = get_u8(r);
            if (signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU)
                stop_here(d, signo);
            return;
        }
        case S_RESYNC: send_all_again(d); return;
        case S_END: { // the exit says it too, but not for what the first process leaves behind
            uint8_t number = get_u8(r);
            if (!r->bad && number >= 1 && number <= 3)
                d->out[number - 1].ended = true;
            return;
        }
        case S_SIGNAL:
        case S_WINSIZE:
        case S_CONTINUED:
        case S_EXITED:
        case S_GONE:
        case S_USAGE:
        case S_FREEZE:
        case S_FROZEN: return;
    }
}
