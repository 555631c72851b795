// Process: `drover run`: the deputy. Correspondent: the daemon on its socket, and through it the keeper on the guest's
// node. One loop over the inherited descriptors, the signals and the socket; no JVM, no thread, no lasting state.
#define _GNU_SOURCE
#include "deputy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RECONNECT_EVERY_MS 100
#define TELL_AFTER_MS 3000
/// How often a job in the background looks whether its terminal has become its own; no signal says so.
#define FOREGROUND_POLL_MS 300

enum event { ON_DAEMON, ON_SIGNAL, ON_STDIN, ON_SINK };

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_accepted(struct deputy *d, struct reader *r) {
    d->job = get_u64(r);
    if (r->left >= SECRET_BYTES) {
        memcpy(d->secret, r->at, SECRET_BYTES);
        r->at += SECRET_BYTES;
        r->left -= SECRET_BYTES;
    } else
        r->bad = true;
    struct slice log_path = get_str(r);
    if (r->bad || d->accepted)
        return;
    d->accepted = true;
    if (!d->options.detach)
        return;
    char *path = slice_text(log_path);
    if (!path || !*path) {
        say("drover: the daemon named no log for a detached job: is it of another version?");
        give_up(d, EXIT_DROVER);
    }
    detach_tell(d->told_fd, d->job, path);
    free(path);
    struct terminal none = {.fd = -1};
    for (int i = 0; i < 2; i++)
        sink_find(&d->out[i], i + 1, &none);
}

static void on_ended(struct deputy *d, struct reader *r) {
    uint8_t how = get_u8(r), code = get_u8(r);
    get_u8(r); // the core is the guest's
    uint8_t lingering = get_u8(r);
    struct slice message = get_str(r);
    if (r->bad) {
        say("drover: job %llu has ended, but this program does not understand how: is the daemon of another version?",
            (unsigned long long)d->job);
        give_up(d, EXIT_DROVER);
    }
    terminal_restore(&d->terminal);
    if (message.length > 0)
        say("%.*s", (int)message.length, (const char *)message.at);
    if (d->lingering && !lingering)
        _exit(0);
    if (!lingering || d->lingering)
        end_as(how, code);
    pid_t child = fork(); // the job's first process ended, others live on: so does a deputy for them
    if (child < 0)
        say("drover: cannot fork: %s; what the job left behind ends with this process", strerror(errno));
    if (child != 0)
        end_as(how, code);
    d->lingering = true;
    if (d->in.kind == SOURCE_CHARACTERS) // the terminal is somebody else's now
        d->in.closed = true;
}

static bool on_frame(struct deputy *d, struct frame *f) {
    struct reader *r = &f->body;
    switch (f->type) {
        case D_ACCEPTED: on_accepted(d, r); break;
        case D_REFUSED: {
            uint8_t status = get_u8(r);
            struct slice message = get_str(r);
            terminal_restore(&d->terminal);
            say("%.*s", (int)message.length, (const char *)message.at);
            give_up(d, r->bad ? EXIT_DROVER : status);
        }
        case D_SESSION: on_session(d, r); break;
        case D_STARTED: {
            uint32_t epoch = get_u32(r);
            if (!r->bad)
                begin_epoch(d, epoch);
            break;
        }
        case D_ENDED: on_ended(d, r); break;
        case D_NOTICE: {
            struct slice message = get_str(r);
            say("%.*s", (int)message.length, (const char *)message.at);
            break;
        }
        default: return false;
    }
    return !r->bad;
}

static void lost(struct deputy *d) {
    channel_close(&d->daemon);
    d->wants_room = false;
    if (!d->accepted) {
        say("drover: the daemon went away before it took the job; nothing was started, try again");
        give_up(d, EXIT_DROVER);
    }
    if (d->away_since_ms == 0)
        d->away_since_ms = now_ms();
}

static void watch_daemon(struct deputy *d) {
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = ON_DAEMON};
    if (fcntl(d->daemon.fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0 || epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->daemon.fd, &e) < 0)
        die("cannot watch the daemon's socket");
}

static void try_again(struct deputy *d) {
    int64_t away_ms = now_ms() - d->away_since_ms;
    d->daemon.fd = link_connect();
    if (d->daemon.fd < 0) {
        int error = errno;
        if (away_ms > (int64_t)link_patience_seconds() * 1000) {
            terminal_restore(&d->terminal);
            say("drover: gave up job %llu after %d s without its daemon (DROVER_PATIENCE)", (unsigned long long)d->job,
                link_patience_seconds());
            link_unreachable(error);
        }
        if (away_ms > TELL_AFTER_MS && !d->told_away) {
            say("drover: the daemon is away; job %llu waits and goes on when it is back", (unsigned long long)d->job);
            d->told_away = true;
        }
        return;
    }
    d->away_since_ms = 0;
    d->told_away = false;
    watch_daemon(d);
    size_t mark = frame_begin(&d->daemon.out, C_RESUME);
    put_u64(&d->daemon.out, d->job);
    put_raw(&d->daemon.out, d->secret, SECRET_BYTES);
    frame_end(&d->daemon.out, mark);
    if (d->started)
        ask_resync(d); // the answer makes us send everything again
    else
        send_all_again(d);
}

static void on_daemon(struct deputy *d) {
    bool alive = channel_fill(&d->daemon);
    struct frame f;
    int got = 0;
    while (d->daemon.fd >= 0 && (got = channel_next(&d->daemon, &f)) > 0)
        if (!on_frame(d, &f)) {
            got = -1;
            break;
        }
    bytes_consume(&d->daemon.in, 0);
    if (got < 0 || !alive)
        lost(d);
}

static void on_signals(struct deputy *d) {
    struct signalfd_siginfo info;
    while (read(d->signal_fd, &info, sizeof info) == sizeof info) {
        uint8_t signo = (uint8_t)info.ssi_signo;
        // From the kernel: a key on the terminal, meant for the whole foreground group.
        uint8_t group = info.ssi_code == SI_KERNEL ? SIGNAL_TO_GROUP : 0;
        if (signo == SIGWINCH) {
            send_window_size(d);
            continue;
        }
        if (!d->started && signo == SIGTSTP) { // nothing runs yet that could stop
            stop_here(d, signo);
            continue;
        }
        if (signo == SIGCONT && d->started) {
            terminal_raw(&d->terminal);
            send_window_size(d);
        }
        send_signal(d, (uint8_t)(signo | group));
    }
}

static void flush(struct deputy *d) {
    if (d->daemon.fd < 0)
        return;
    if (!channel_flush(&d->daemon)) {
        lost(d);
        return;
    }
    bool pending = bytes_length(&d->daemon.out) > 0;
    if (pending == d->wants_room)
        return;
    d->wants_room = pending;
    struct epoll_event e = {.events = EPOLLIN | (pending ? (uint32_t)EPOLLOUT : 0), .data.u32 = ON_DAEMON};
    if (epoll_ctl(d->epoll, EPOLL_CTL_MOD, d->daemon.fd, &e) < 0)
        die("cannot watch the daemon's socket");
}

/// Standing for what the first process left behind, this process holds what they hold and no more: `$(drover run ...)`
/// ends when the last of them has closed its output.
static void release_finished(struct deputy *d) {
    if (d->in.closed && d->in.kind != SOURCE_NONE) {
        d->in.kind = SOURCE_NONE;
        release_inherited(0);
    }
    for (int i = 0; i < 2; i++) {
        struct sink *s = &d->out[i];
        if (!s->ended || s->fd < 0 || s->ring.sent < s->ring.end)
            continue;
        if (s->own >= 0)
            close(s->own);
        release_inherited(s->fd);
        if (i == 0 && d->out[1].as == KIND_SAME)
            release_inherited(2);
        s->own = s->fd = -1;
    }
}

static _Noreturn void loop(struct deputy *d) {
    for (;;) {
        if (d->lingering)
            release_finished(d);
        if (d->started && d->daemon.fd >= 0) {
            send_input(d);
            send_acks(d);
        }
        flush(d);
        bool background = d->started && d->terminal.reads && !d->terminal.raw && !d->lingering;
        int timeout = d->daemon.fd < 0 ? RECONNECT_EVERY_MS : background ? FOREGROUND_POLL_MS : -1;
        struct epoll_event events[8];
        int n = epoll_wait(d->epoll, events, 8, timeout);
        if (n < 0 && errno != EINTR)
            die("cannot wait");
        if (background && terminal_foreground(&d->terminal)) {
            terminal_raw(&d->terminal);
            d->in.ready = true;
        }
        for (int i = 0; i < n; i++)
            switch ((enum event)events[i].data.u32) {
                case ON_DAEMON:
                    if (d->daemon.fd >= 0)
                        on_daemon(d);
                    break;
                case ON_SIGNAL: on_signals(d); break;
                case ON_STDIN: d->in.ready = true; break;
                case ON_SINK: break;
            }
        for (int i = 0; i < 3; i++)
            if (d->out[i].waits)
                sink_write(&d->out[i]);
        if (d->daemon.fd < 0)
            try_again(d);
    }
}

static void watch_inherited(struct deputy *d, int fd, uint32_t events, enum event event) {
    struct epoll_event e = {.events = events | (uint32_t)EPOLLET, .data.u32 = event};
    // EPERM: a regular file, which is always ready. EEXIST cannot be.
    if (fd >= 0 && epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e) < 0 && errno != EPERM)
        die("cannot watch an inherited descriptor");
}

static void take_signals(struct deputy *d) {
    sigset_t all;
    sigfillset(&all);
    // Faults are this program's own; a child's end and terminal output from the background are of no interest.
    static const int not_the_jobs[] = {SIGCHLD, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    for (size_t i = 0; i < sizeof not_the_jobs / sizeof *not_the_jobs; i++)
        sigdelset(&all, not_the_jobs[i]);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigdelset(&all, SIGTTOU);
    sigdelset(&all, SIGTTIN);
    sigdelset(&all, SIGPIPE);
    d->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (d->signal_fd < 0)
        die("cannot watch signals");
}

_Noreturn void deputy_run(char **words) {
    struct deputy d = {.daemon.fd = -1, .told_fd = -1};
    options_parse(&d.options, words);
    int status = 0;
    char *path = spec_resolve(d.options.command[0], &status);
    if (!path)
        _exit(status);
    if (d.options.detach) {
        detach_fork(&d.told_fd);
        d.terminal.fd = -1;
        d.in = (struct source){.as = KIND_NULL, .tee = {-1, -1}};
        d.out[0] = (struct sink){.fd = 1, .own = -1, .as = KIND_PIPE};
        d.out[1] = (struct sink){.fd = 2, .own = -1, .as = KIND_SAME};
    } else {
        terminal_find(&d.terminal);
        source_find(&d.in, &d.terminal);
        sink_find(&d.out[0], 1, &d.terminal);
        sink_find(&d.out[1], 2, &d.terminal);
    }
    d.out[2] = (struct sink){.fd = d.terminal.fd, .own = -1, .as = KIND_TTY, .closed = d.terminal.fd < 0};
    uint8_t kind[3] = {d.in.as, d.out[0].as, d.out[1].as};
    d.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (d.epoll < 0)
        die("cannot make the event loop");
    d.daemon.fd = link_connect();
    if (d.daemon.fd < 0)
        link_unreachable(errno);
    size_t mark = frame_begin(&d.daemon.out, C_RUN);
    struct bytes json = {0};
    options_put_json(&d.options, &json);
    put_str(&d.daemon.out, bytes_first(&json), bytes_length(&json));
    bytes_free(&json);
    spec_put(&d.daemon.out, d.options.command, path, &d.terminal, kind);
    frame_end(&d.daemon.out, mark);
    if (bytes_length(&d.daemon.out) - 4 > FRAME_LIMIT_BYTES) {
        say("drover: arguments and environment take %zu bytes, more than %u; shorten them", bytes_length(&d.daemon.out),
            FRAME_LIMIT_BYTES);
        _exit(EXIT_DROVER);
    }
    take_signals(&d);
    watch_daemon(&d);
    channel_flush(&d.daemon); // the daemon works while the rest is prepared
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = ON_SIGNAL};
    if (epoll_ctl(d.epoll, EPOLL_CTL_ADD, d.signal_fd, &e) < 0)
        die("cannot watch signals");
    if (d.in.kind != SOURCE_NONE)
        watch_inherited(&d, 0, EPOLLIN | EPOLLRDHUP, ON_STDIN);
    for (int i = 0; i < 3 && !d.options.detach; i++) {
        struct sink *s = &d.out[i];
        if (s->as == KIND_SAME || s->as == KIND_NULL || s->as == KIND_CLOSED || s->fd < 0)
            continue;
        sink_open(s);
        if (s->own >= 0 || i < 2) // the terminal's stream shares a descriptor with another
            watch_inherited(&d, s->own >= 0 ? s->own : s->fd, EPOLLOUT, ON_SINK);
    }
    loop(&d);
}
