// A process that may not make memory executable that it could write (PR_SET_MDWE).
#include "corpus.h"

#include <sys/prctl.h>
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static void set_up(void) {
    if (prctl(PR_GET_MDWE, 0, 0, 0, 0) == 0 && prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) < 0 && errno == EINVAL)
        without("a guest cannot promise that");
    NEED(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0);
}

static void check(void) {
    KEPT(prctl(PR_GET_MDWE, 0, 0, 0, 0) == PR_MDWE_REFUSE_EXEC_GAIN);
}

int main(void) {
    return corpus(set_up, check);
}
