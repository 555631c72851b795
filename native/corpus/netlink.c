// A netlink socket, as programs use it that ask for addresses.
#include "corpus.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

static int fd;
static unsigned port;

static bool answers(void) {
    struct {
        struct nlmsghdr header;
        struct rtgenmsg body;
    } ask = {{NLMSG_LENGTH(sizeof(struct rtgenmsg)), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
    char buffer[16384];
    if (send(fd, &ask, sizeof ask, 0) != sizeof ask)
        return false;
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
        if (((struct nlmsghdr *)(void *)buffer)->nlmsg_type == NLMSG_DONE)
            return true;
    return false;
}

static void set_up(void) {
    struct sockaddr_nl at = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof at;
    NEED((fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) >= 0);
    NEED(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && answers());
    NEED(getsockname(fd, (struct sockaddr *)&at, &length) == 0);
    port = at.nl_pid;
}

static void check(void) {
    struct sockaddr_nl at;
    socklen_t length = sizeof at;
    KEPT(getsockname(fd, (struct sockaddr *)&at, &length) == 0 && at.nl_pid == port);
    KEPT(answers());
}

int main(void) {
    return corpus(set_up, check);
}
