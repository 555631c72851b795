// A child in a user namespace of its own, as sandboxes of browsers and rootless containers make them.
#include "corpus.h"

#include <sched.h>
#include <sys/socket.h>

static int parent_end, child_end;

static void live_there(void *with) {
    char c = 'y';
    (void)with;
    if (unshare(CLONE_NEWUSER) < 0)
        without("nobody may make a user namespace here");
    NEED(write(child_end, &c, 1) == 1);
    while (read(child_end, &c, 1) == 1)
        if (write(child_end, "y", 1) != 1)
            return;
}

static void set_up(void) {
    int pair[2];
    char c;
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    parent_end = pair[0];
    child_end = pair[1];
    child(live_there, NULL);
    NEED(read(parent_end, &c, 1) == 1);
}

static void check(void) {
    char c = '?';
    KEPT(write(parent_end, &c, 1) == 1 && read(parent_end, &c, 1) == 1 && c == 'y');
}

int main(void) {
    return corpus(set_up, check);
}
