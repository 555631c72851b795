// What is set at a socket: sizes of buffers, times, lingering, marks of its owner, options of TCP.
#include "corpus.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

static int fd, pair[2], sent, received;

static int get(int at, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(at, level, option, &value, &length) == 0 ? value : -1;
}

static bool set(int at, int level, int option, int value) {
    return setsockopt(at, level, option, &value, sizeof value) == 0;
}

static void set_up(void) {
    struct timeval wait = {7, 500000};
    struct linger linger = {1, 9};
    NEED((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    NEED(set(fd, SOL_SOCKET, SO_SNDBUF, 50000) && set(fd, SOL_SOCKET, SO_RCVBUF, 60000));
    sent = get(fd, SOL_SOCKET, SO_SNDBUF);
    received = get(fd, SOL_SOCKET, SO_RCVBUF);
    NEED(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    NEED(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    NEED(set(fd, SOL_SOCKET, SO_REUSEPORT, 1) && set(fd, SOL_SOCKET, SO_OOBINLINE, 1));
    NEED(set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 77) && set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 17) && set(fd, IPPROTO_TCP, TCP_KEEPCNT, 5));
    NEED(set(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
    NEED(set(fd, IPPROTO_IP, IP_TTL, 33) && set(fd, IPPROTO_IP, IP_TOS, 0x10));
    NEED(set(pair[0], SOL_SOCKET, SO_PASSCRED, 1));
}

static void check(void) {
    struct timeval wait;
    struct linger linger;
    socklen_t length = sizeof wait;
    KEPT(get(fd, SOL_SOCKET, SO_SNDBUF) == sent);
    KEPT(get(fd, SOL_SOCKET, SO_RCVBUF) == received);
    KEPT(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, &length) == 0 && wait.tv_sec == 7);
    length = sizeof linger;
    KEPT(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length) == 0 && linger.l_onoff && linger.l_linger == 9);
    KEPT(get(fd, SOL_SOCKET, SO_REUSEPORT) == 1);
    KEPT(get(fd, SOL_SOCKET, SO_OOBINLINE) == 1);
    KEPT(get(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
    KEPT(get(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
    KEPT(get(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 17);
    KEPT(get(fd, IPPROTO_TCP, TCP_KEEPCNT) == 5);
    KEPT(get(pair[0], SOL_SOCKET, SO_PASSCRED) == 1);
    KEPT(get(fd, IPPROTO_IP, IP_TOS) == 0x10);
    KEPT(get(fd, IPPROTO_IP, IP_TTL) == 33);
}

int main(void) {
    return corpus(set_up, check);
}
