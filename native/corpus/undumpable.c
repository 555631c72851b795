// A process whose memory its user may not look at (PR_SET_DUMPABLE), as one has that was given other ids.
#include "corpus.h"

#include <sys/prctl.h>

static void set_up(void) {
    NEED(prctl(PR_SET_DUMPABLE, 0) == 0);
}

static void check(void) {
    KEPT(prctl(PR_GET_DUMPABLE) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
