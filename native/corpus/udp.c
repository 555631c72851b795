// UDP on the guest's own loopback: bound and connected, with options. (A datagram in flight may be lost, as on any network.)
#include "corpus.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int server, client, wide;

static void set_up(void) {
    struct sockaddr_in6 wide_at = {.sin6_family = AF_INET6};
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t length = sizeof at;
    int on = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEED((server = socket(AF_INET, SOCK_DGRAM, 0)) >= 0 && bind(server, (struct sockaddr *)&at, sizeof at) == 0);
    NEED(getsockname(server, (struct sockaddr *)&at, &length) == 0);
    NEED((client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) >= 0 && connect(client, (struct sockaddr *)&at, sizeof at) == 0);
    NEED(setsockopt(client, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0);
    NEED((wide = socket(AF_INET6, SOCK_DGRAM, 0)) >= 0 && bind(wide, (struct sockaddr *)&wide_at, sizeof wide_at) == 0);
}

static void check(void) {
    struct sockaddr_in from;
    struct sockaddr_in6 at;
    socklen_t length = sizeof from;
    char buffer[16];
    int on = 0;
    KEPT(writes(client, "asked"));
    KEPT(recvfrom(server, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length) == 5);
    KEPT(sendto(server, "answer", 6, 0, (struct sockaddr *)&from, length) == 6);
    KEPT(reads(client, "answer") && read(client, buffer, 1) < 0 && errno == EAGAIN);
    length = sizeof on;
    KEPT(getsockopt(client, SOL_SOCKET, SO_BROADCAST, &on, &length) == 0 && on);
    length = sizeof at;
    KEPT(getsockname(wide, (struct sockaddr *)&at, &length) == 0 && at.sin6_port != 0);
    at.sin6_addr = in6addr_loopback;
    KEPT(sendto(wide, "self", 4, 0, (struct sockaddr *)&at, length) == 4 && reads(wide, "self"));
}

int main(void) {
    return corpus(set_up, check);
}
