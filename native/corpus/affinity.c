// The processors that a process allows itself.
#include "corpus.h"

#include <sched.h>

static cpu_set_t wanted;

static void set_up(void) {
    cpu_set_t all;
    NEED(sched_getaffinity(0, sizeof all, &all) == 0);
    if (CPU_COUNT(&all) < 2)
        without("there is one processor only");
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&wanted) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &wanted);
    NEED(sched_setaffinity(0, sizeof wanted, &wanted) == 0);
}

static void check(void) {
    cpu_set_t now;
    KEPT(sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, &wanted));
}

int main(void) {
    return corpus(set_up, check);
}
