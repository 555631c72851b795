// Process: the deputy. Its state, shared by the loop (deputy.c) and the conversation with the keeper (session.c).
#pragma once
#include "drover.h"

/// Signals that are not acknowledged: a burst while the daemon restarts; more are one more of the same.
#define SIGNAL_LIMIT 64

struct deputy {
    struct options options;
    struct channel daemon;
    bool wants_room, accepted, started, told_away, lingering;
    int epoll, signal_fd, told_fd;
    struct terminal terminal;
    struct source in;
    struct sink out[3];
    uint64_t job;
    uint8_t secret[SECRET_BYTES];
    uint32_t epoch;
    uint32_t next_signal;
    struct {
        uint32_t sequence;
        uint8_t signo;
    } signals[SIGNAL_LIMIT];
    unsigned signal_count;
    bool gap_told;
    int64_t away_since_ms;
};

// session.c
_Noreturn void give_up(struct deputy *d, int status);
void send_signal(struct deputy *d, uint8_t signo);
/// The job stopped, or waits and its terminal says so: this process stops by the same signal, and so its shell takes
/// the terminal.
void stop_here(struct deputy *d, int signo);
void send_window_size(struct deputy *d);
void send_input(struct deputy *d);
void send_acks(struct deputy *d);
void send_all_again(struct deputy *d);
void ask_resync(struct deputy *d);
void begin_epoch(struct deputy *d, uint32_t epoch);
void on_session(struct deputy *d, struct reader *r);
