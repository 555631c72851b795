// Process: `drover attach JOB`. Shows a detached job's output and passes signals to it; ends as the job does.
// Correspondent: the daemon, which reads the log.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define ATTACH_USAGE "usage: drover attach JOB"

static void show(struct slice text) {
    while (text.length > 0) {
        ssize_t n = write(1, text.at, text.length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            end_as(ENDED_SIGNALLED, SIGPIPE);
        text.at += n;
        text.length -= (size_t)n;
    }
}

static void on_frame(struct frame *f) {
    struct reader *r = &f->body;
    switch (f->type) {
        case D_TEXT: show(get_rest(r)); return;
        case D_NOTICE: {
            struct slice message = get_str(r);
            say("%.*s", (int)message.length, (const char *)message.at);
            return;
        }
        case D_REFUSED: {
            uint8_t status = get_u8(r);
            struct slice message = get_str(r);
            say("%.*s", (int)message.length, (const char *)message.at);
            _exit(status);
        }
        case D_ENDED: {
            uint8_t how = get_u8(r), code = get_u8(r);
            get_u8(r);
            get_u8(r);
            struct slice message = get_str(r);
            if (message.length > 0)
                say("%.*s", (int)message.length, (const char *)message.at);
            end_as(how, code);
        }
        default: return; // of no interest to one who only watches
    }
}

_Noreturn void attach_run(char **words) {
    char *rest = NULL;
    uint64_t job = words[0] ? strtoull(words[0], &rest, 10) : 0;
    if (!words[0] || words[1] || !*words[0] || *rest || words[0][0] == '-') {
        say(ATTACH_USAGE);
        _exit(EXIT_USAGE);
    }
    struct channel daemon = {.fd = link_connect()};
    if (daemon.fd < 0)
        link_unreachable(errno);
    sigset_t passed;
    sigemptyset(&passed);
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaddset(&passed, signals[i]);
    sigprocmask(SIG_BLOCK, &passed, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signal_fd = signalfd(-1, &passed, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        die("cannot watch signals");
    size_t mark = frame_begin(&daemon.out, C_ATTACH);
    put_u64(&daemon.out, job);
    frame_end(&daemon.out, mark);
    uint32_t sequence = 0;
    for (bool alive = true; alive;) {
        alive = channel_flush(&daemon);
        struct pollfd ready[2] = {{daemon.fd, POLLIN, 0}, {signal_fd, POLLIN, 0}};
        if (bytes_length(&daemon.out) > 0)
            ready[0].events |= POLLOUT;
        if (poll(ready, 2, -1) < 0)
            continue;
        struct signalfd_siginfo info;
        while (read(signal_fd, &info, sizeof info) == sizeof info) {
            mark = frame_begin(&daemon.out, C_SESSION);
            put_u32(&daemon.out, 0);
            put_u8(&daemon.out, S_SIGNAL);
            put_u32(&daemon.out, ++sequence);
            put_u8(&daemon.out, (uint8_t)info.ssi_signo);
            frame_end(&daemon.out, mark);
        }
        if (!(ready[0].revents & (POLLIN | POLLHUP | POLLERR)))
            continue;
        alive = channel_fill(&daemon);
        struct frame f;
        int got;
        while ((got = channel_next(&daemon, &f)) > 0)
            on_frame(&f);
        bytes_consume(&daemon.in, 0);
        alive = alive && got == 0;
    }
    say("drover: the daemon went away; the job goes on without a watcher, attach again: drover attach %s", words[0]);
    _exit(EXIT_DROVER);
}
