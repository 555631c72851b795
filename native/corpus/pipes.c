// Pipes with bytes in flight, of another size, full, without a writer, without a reader; a writer that waits.
#include "corpus.h"

#include <sys/ioctl.h>

static int plain[2], sized[2], full[2], ended[2], broken[2], waiting[2];

static void write_more(void *with) {
    (void)with;
    char *much = malloc(200000);
    fill(much, 200000, 9);
    for (size_t at = 0; at < 200000;) {
        ssize_t n = write(waiting[1], much + at, 200000 - at);
        if (n < 0)
            lost("a waiting writer: %s", strerror(errno));
        at += (size_t)n;
    }
    pause();
}

static void set_up(void) {
    NEED(pipe(plain) == 0 && writes(plain[1], "in flight"));
    NEED(pipe2(sized, O_NONBLOCK) == 0 && fcntl(sized[1], F_SETPIPE_SZ, 256 << 10) == 256 << 10 && write_content(sized[1], 200000, 2));
    NEED(pipe2(full, O_NONBLOCK) == 0);
    char c = 'f';
    while (write(full[1], &c, 1) == 1) {
    }
    NEED(errno == EAGAIN);
    NEED(pipe(ended) == 0 && writes(ended[1], "last") && close(ended[1]) == 0);
    NEED(pipe(broken) == 0 && close(broken[0]) == 0);
    NEED(pipe(waiting) == 0);
    child(write_more, NULL);
    signal(SIGPIPE, SIG_IGN);
    int there = 0;
    while (ioctl(waiting[0], FIONREAD, &there) == 0 && there < 65536)
        sleep_ms(5);
}

static void check(void) {
    static char buffer[200000];
    KEPT(reads(plain[0], "in flight") && writes(plain[1], "in flight"));
    KEPT(fcntl(sized[0], F_GETPIPE_SZ) == 256 << 10);
    KEPT(read(sized[0], buffer, sizeof buffer) == 200000 && is_filled(buffer, 200000, 2));
    KEPT(read(sized[0], buffer, 1) < 0 && errno == EAGAIN);
    KEPT(write_content(sized[1], 200000, 2));
    KEPT(write(full[1], "x", 1) < 0 && errno == EAGAIN);
    KEPT(looks > 0 || reads(ended[0], "last"));
    KEPT(read(ended[0], buffer, 1) == 0);
    KEPT(write(broken[1], "x", 1) < 0 && errno == EPIPE);
    if (looks != 1)
        return;
    size_t at = 0;
    for (ssize_t n; at < 200000 && (n = read(waiting[0], buffer + at, 200000 - at)) > 0;)
        at += (size_t)n;
    KEPT(at == 200000 && is_filled(buffer, at, 9));
}

int main(void) {
    return corpus(set_up, check);
}
