// A process that wants no huge pages (PR_SET_THP_DISABLE).
#include "corpus.h"

#include <sys/prctl.h>

static void set_up(void) {
    NEED(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
}

static void check(void) {
    KEPT(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1);
}

int main(void) {
    return corpus(set_up, check);
}
