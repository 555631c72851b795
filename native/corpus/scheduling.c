// How a process and its child want to be scheduled.
#include "corpus.h"

#include <sched.h>

static pid_t idle;

static void wait_for_ever(void *with) {
    (void)with;
    pause();
}

static void set_up(void) {
    struct sched_param none = {0};
    NEED(sched_setscheduler(0, SCHED_BATCH, &none) == 0);
    idle = child(wait_for_ever, NULL);
    NEED(sched_setscheduler(idle, SCHED_IDLE, &none) == 0);
}

static void check(void) {
    KEPT(sched_getscheduler(0) == SCHED_BATCH);
    KEPT(sched_getscheduler(idle) == SCHED_IDLE);
}

int main(void) {
    return corpus(set_up, check);
}
