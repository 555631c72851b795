// Timers with a descriptor: periodic ones that a thread reads, one that has run out and was not read, one for later, one of the
// time of day.
#include "corpus.h"

#include <pthread.h>
#include <sys/timerfd.h>

static int ticking, later, day, over;
static volatile uint64_t ticks;

static void *read_ticks(void *with) {
    uint64_t n;
    while (read(ticking, &n, sizeof n) == sizeof n)
        ticks += n;
    return with;
}

static void set_up(void) {
    struct itimerspec often = {{0, 200000000}, {0, 200000000}}, far = {{7, 0}, {5000, 0}}, soon = {{0, 0}, {0, 1000000}};
    pthread_t thread;
    NEED((ticking = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0 && timerfd_settime(ticking, 0, &often, NULL) == 0);
    NEED((later = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) >= 0 && timerfd_settime(later, 0, &far, NULL) == 0);
    NEED((day = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK)) >= 0 && timerfd_settime(day, 0, &far, NULL) == 0);
    NEED((over = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) >= 0 && timerfd_settime(over, 0, &soon, NULL) == 0);
    NEED(pthread_create(&thread, NULL, read_ticks, NULL) == 0);
    sleep_ms(300);
}

static void check(void) {
    struct itimerspec left;
    uint64_t before = ticks, n = 0;
    sleep_ms(1000);
    KEPT(ticks >= before + 3);
    KEPT(ticks <= before + 10);
    KEPT(timerfd_gettime(later, &left) == 0 && left.it_interval.tv_sec == 7);
    KEPT(left.it_value.tv_sec > 4800 && left.it_value.tv_sec <= 5000);
    KEPT(timerfd_gettime(day, &left) == 0 && left.it_value.tv_sec > 4800 && left.it_value.tv_sec <= 5000);
    KEPT(read(later, &n, sizeof n) < 0 && errno == EAGAIN);
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    KEPT(read(over, &n, sizeof n) == sizeof n && n == 1);
    KEPT(timerfd_settime(over, 0, &soon, NULL) == 0);
    sleep_ms(50);
}

int main(void) {
    return corpus(set_up, check);
}
