// Who is at the other end of a Unix socket (SO_PEERCRED): of a pair, and of one that was connected.
#include "corpus.h"

#include <sys/socket.h>
#include <sys/un.h>

static int pair[2], listener, client, served;
static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/shm/socket"};

static void look_at(int fd) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    KEPT(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0);
    if (peer.uid != geteuid() || peer.gid != getegid() || peer.pid != getpid())
        lost("the peer of %d is pid %d, uid %u, gid %u", fd, (int)peer.pid, peer.uid, peer.gid);
}

static void set_up(void) {
    if (geteuid() == 0)
        without("root is whom CRIU makes the peers");
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && (listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    NEED(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 5) == 0);
    NEED((client = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    NEED(connect(client, (struct sockaddr *)&address, sizeof address) == 0 && (served = accept(listener, NULL, NULL)) >= 0);
}

static void check(void) {
    look_at(pair[0]);
    look_at(client);
    look_at(served);
    int later = socket(AF_UNIX, SOCK_STREAM, 0);
    KEPT(later >= 0 && connect(later, (struct sockaddr *)&address, sizeof address) == 0);
    look_at(later);
    KEPT(close(later) == 0 && (later = accept(listener, NULL, NULL)) >= 0 && close(later) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
