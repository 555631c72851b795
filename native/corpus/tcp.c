// TCP on the guest's own loopback, over IPv4 and IPv6: listening, connected with bytes in flight both ways, half closed, with
// options.
#include "corpus.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

struct link {
    int family, listener, client, served, half, half_served;
    struct sockaddr_storage at;
    socklen_t length;
};
static struct link links[2] = {{.family = AF_INET}, {.family = AF_INET6}};

static int dial(const struct link *l) {
    int fd = socket(l->family, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&l->at, l->length) == 0 ? fd : -1;
}

static void link_up(struct link *l) {
    int on = 1;
    NEED((l->listener = socket(l->family, SOCK_STREAM, 0)) >= 0);
    NEED(setsockopt(l->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    l->at.ss_family = (sa_family_t)l->family;
    if (l->family == AF_INET6)
        ((struct sockaddr_in6 *)&l->at)->sin6_addr = in6addr_loopback;
    else
        ((struct sockaddr_in *)&l->at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->length = l->family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    NEED(bind(l->listener, (struct sockaddr *)&l->at, l->length) == 0 && listen(l->listener, 7) == 0);
    socklen_t length = sizeof l->at;
    NEED(getsockname(l->listener, (struct sockaddr *)&l->at, &length) == 0);
    NEED((l->client = dial(l)) >= 0 && (l->served = accept(l->listener, NULL, NULL)) >= 0);
    NEED(setsockopt(l->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    NEED(setsockopt(l->client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
    NEED(writes(l->client, "to the server") && writes(l->served, "to the client"));
    NEED((l->half = dial(l)) >= 0 && (l->half_served = accept(l->listener, NULL, NULL)) >= 0);
    NEED(writes(l->half, "last") && shutdown(l->half, SHUT_WR) == 0);
}

static void look_at(struct link *l) {
    char c;
    int on = 0;
    socklen_t length = sizeof on;
    KEPT(reads(l->served, "to the server") && reads(l->client, "to the client"));
    KEPT(writes(l->client, "to the server") && writes(l->served, "to the client"));
    KEPT(getsockopt(l->client, IPPROTO_TCP, TCP_NODELAY, &on, &length) == 0 && on);
    KEPT(getsockopt(l->client, SOL_SOCKET, SO_KEEPALIVE, &on, &length) == 0 && on);
    KEPT(getsockopt(l->listener, SOL_SOCKET, SO_REUSEADDR, &on, &length) == 0 && on);
    KEPT(looks > 0 || reads(l->half_served, "last"));
    KEPT(read(l->half_served, &c, 1) == 0);
    KEPT(writes(l->half_served, "back") && reads(l->half, "back"));
    int fd = dial(l);
    KEPT(fd >= 0);
    int other = accept(l->listener, NULL, NULL);
    KEPT(other >= 0 && writes(fd, "new") && reads(other, "new"));
    close(fd);
    close(other);
}

static void set_up(void) {
    link_up(&links[0]);
    link_up(&links[1]);
}

static void check(void) {
    look_at(&links[0]);
    look_at(&links[1]);
}

int main(void) {
    return corpus(set_up, check);
}
