// Unix sockets: pairs of each kind with bytes and descriptors in flight; bound to a name of its own /dev/shm, and abstract;
// connected with names.
#include "corpus.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int stream[2], datagram[2], packet[2], half[2], passing[2], listener, client, served, abstract, talker;

static struct sockaddr_un named(const char *name, socklen_t *length) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path + (*name == '@'), sizeof a.sun_path - 1, "%s", name + (*name == '@'));
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'));
    return a;
}

static int bound(int kind, const char *name) {
    socklen_t length;
    struct sockaddr_un a = named(name, &length);
    int fd = socket(AF_UNIX, kind, 0);
    unlink(name);
    NEED(fd >= 0 && bind(fd, (struct sockaddr *)&a, length) == 0);
    return fd;
}

static int connected(int kind, const char *name) {
    socklen_t length;
    struct sockaddr_un a = named(name, &length);
    int fd = socket(AF_UNIX, kind, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&a, length) == 0 ? fd : -1;
}

static void pass(int over) {
    int inside[2];
    NEED(pipe(inside) == 0 && writes(inside[1], "passed"));
    char space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec one = {"d", 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(c), &inside[0], sizeof(int));
    NEED(sendmsg(over, &message, 0) == 1);
    close(inside[0]);
    close(inside[1]);
}

static int passed(int over) {
    char space[CMSG_SPACE(sizeof(int))], byte;
    struct iovec one = {&byte, 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    int fd = -1;
    if (recvmsg(over, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

static void set_up(void) {
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0 && writes(stream[0], "to the right") && writes(stream[1], "to the left"));
    NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram) == 0 && writes(datagram[0], "one") && writes(datagram[0], "three"));
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packet) == 0 && writes(packet[0], "one") && writes(packet[0], "three"));
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, half) == 0 && shutdown(half[0], SHUT_WR) == 0);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, passing) == 0);
    pass(passing[0]);
    listener = bound(SOCK_STREAM, "/dev/shm/socket");
    NEED(listen(listener, 5) == 0 && (client = connected(SOCK_STREAM, "/dev/shm/socket")) >= 0);
    NEED((served = accept(listener, NULL, NULL)) >= 0 && writes(client, "asked"));
    abstract = bound(SOCK_DGRAM, "@corpus");
    talker = bound(SOCK_DGRAM, "/dev/shm/talker");
    socklen_t length;
    struct sockaddr_un a = named("@corpus", &length);
    NEED(connect(talker, (struct sockaddr *)&a, length) == 0 && writes(talker, "hello"));
}

static void check(void) {
    char buffer[64];
    KEPT(reads(stream[1], "to the right") && reads(stream[0], "to the left"));
    KEPT(writes(stream[0], "to the right") && writes(stream[1], "to the left"));
    KEPT(read(datagram[1], buffer, 64) == 3 && read(datagram[1], buffer, 64) == 5 && writes(datagram[0], "one") && writes(datagram[0], "three"));
    KEPT(read(packet[1], buffer, 64) == 3 && read(packet[1], buffer, 64) == 5 && writes(packet[0], "one") && writes(packet[0], "three"));
    KEPT(read(half[1], buffer, 1) == 0 && writes(half[1], "back") && reads(half[0], "back"));
    int fd = passed(passing[1]);
    KEPT(fd >= 0 && reads(fd, "passed"));
    close(fd);
    pass(passing[0]);
    KEPT(reads(served, "asked") && writes(served, "answered") && reads(client, "answered") && writes(client, "asked"));
    int more = connected(SOCK_STREAM, "/dev/shm/socket");
    KEPT(more >= 0);
    fd = accept(listener, NULL, NULL);
    KEPT(fd >= 0 && writes(more, "more") && reads(fd, "more"));
    close(fd);
    close(more);
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    KEPT(recvfrom(abstract, buffer, 64, 0, (struct sockaddr *)&from, &length) == 5);
    KEPT(strcmp(from.sun_path, "/dev/shm/talker") == 0);
    KEPT(sendto(abstract, "back", 4, 0, (struct sockaddr *)&from, length) == 4 && reads(talker, "back") && writes(talker, "hello"));
}

int main(void) {
    return corpus(set_up, check);
}
