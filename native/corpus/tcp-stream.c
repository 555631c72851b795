// Two processes with a TCP connection that is never idle, its buffers full: each byte arrives once.
#include "corpus.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int listener, served;
static struct sockaddr_in address = {.sin_family = AF_INET};
static size_t taken;

static void send_for_ever(void *with) {
    (void)with;
    static unsigned char buffer[65536];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    KEPT(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    for (size_t at = 0;;) {
        for (size_t i = 0; i < sizeof buffer; i++)
            buffer[i] = content(at + i, 5);
        for (size_t done = 0; done < sizeof buffer;) {
            ssize_t n = write(fd, buffer + done, sizeof buffer - done);
            if (n < 0)
                lost("sending: %s", strerror(errno));
            done += (size_t)n;
        }
        at += sizeof buffer;
    }
}

static void take(size_t count) {
    static unsigned char buffer[65536];
    while (count > 0) {
        ssize_t n = read(served, buffer, count < sizeof buffer ? count : sizeof buffer);
        if (n <= 0)
            lost("receiving: %s", n == 0 ? "it was closed" : strerror(errno));
        for (ssize_t i = 0; i < n; i++)
            if (buffer[i] != content(taken++, 5))
                lost("byte %zu is another", taken - 1);
        count -= (size_t)n;
    }
}

static void set_up(void) {
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEED((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    NEED(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
    NEED(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    child(send_for_ever, NULL);
    NEED((served = accept(listener, NULL, NULL)) >= 0);
    take(100000);
    sleep_ms(200); // until the buffers are full
}

static void check(void) {
    take(8 << 20);
    sleep_ms(100);
}

int main(void) {
    return corpus(set_up, check);
}
