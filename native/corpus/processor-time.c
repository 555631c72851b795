// The processor time that a process has used, as it sees it itself.
#include "corpus.h"

static struct timespec used;

static void set_up(void) {
    do
        NEED(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    while (used.tv_sec == 0 && used.tv_nsec < 100000000);
}

static void check(void) {
    struct timespec now;
    KEPT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    if (now.tv_sec < used.tv_sec || (now.tv_sec == used.tv_sec && now.tv_nsec < used.tv_nsec))
        lost("%ld ms of processor time are %ld ms now", used.tv_nsec / 1000000, now.tv_nsec / 1000000);
    used = now;
}

int main(void) {
    return corpus(set_up, check);
}
