// How late a process allows its sleep to end (PR_SET_TIMERSLACK).
#include "corpus.h"

#include <sys/prctl.h>

static void set_up(void) {
    NEED(prctl(PR_SET_TIMERSLACK, 123456) == 0);
}

static void check(void) {
    KEPT(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == 123456);
}

int main(void) {
    return corpus(set_up, check);
}
