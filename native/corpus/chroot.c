// A child that has changed its root, and a parent that has not.
#include "corpus.h"

#include <sys/socket.h>

static int parent_end, child_end;

static void live_there(void *with) {
    (void)with;
    char c;
    NEED(chroot(".") == 0 && chdir("/") == 0);
    while (read(child_end, &c, 1) == 1) {
        c = access("/here", F_OK) == 0 && access("/etc", F_OK) < 0 ? 'y' : 'n';
        if (write(child_end, &c, 1) != 1)
            return;
    }
}

static void set_up(void) {
    int pair[2];
    if (geteuid() != 0)
        without("only root may change its root");
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    parent_end = pair[0];
    child_end = pair[1];
    NEED(close(open("here", O_WRONLY | O_CREAT, 0600)) == 0);
    child(live_there, NULL);
}

static void check(void) {
    char c = '?';
    KEPT(write(parent_end, &c, 1) == 1 && read(parent_end, &c, 1) == 1 && c == 'y');
    KEPT(access("/etc", F_OK) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
