// A process that is inside of a handler of a signal when it is moved, and jumps out of it.
#include "corpus.h"

#include <setjmp.h>
#include <sys/socket.h>

static int parent_end, child_end;
static sigjmp_buf back;

static void on_signal(int signal) {
    char c;
    (void)signal;
    if (read(child_end, &c, 1) != 1)
        _exit(0);
    siglongjmp(back, c);
}

static void live(void *with) {
    struct sigaction act = {.sa_handler = on_signal};
    (void)with;
    NEED(sigaction(SIGUSR1, &act, NULL) == 0);
    double half = 0.5;
    char c = (char)sigsetjmp(back, 1);
    if (c && (half != 0.5 || write(child_end, &c, 1) != 1))
        lost("after a handler");
    for (;;)
        raise(SIGUSR1);
}

static void set_up(void) {
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    parent_end = pair[0];
    child_end = pair[1];
    child(live, NULL);
    sleep_ms(50);
}

static void check(void) {
    for (char c = 'a'; c < 'e'; c++) {
        char found = 0;
        KEPT(write(parent_end, &c, 1) == 1 && read(parent_end, &found, 1) == 1 && found == c);
    }
}

int main(void) {
    return corpus(set_up, check);
}
