// How long a TCP socket waits for acknowledgements (TCP_USER_TIMEOUT).
#include "corpus.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int fd;

static void set_up(void) {
    int limit_ms = 12345;
    NEED((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    NEED(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms) == 0);
}

static void check(void) {
    int limit_ms = 0;
    socklen_t length = sizeof limit_ms;
    KEPT(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, &length) == 0 && limit_ms == 12345);
}

int main(void) {
    return corpus(set_up, check);
}
