// Threads that wait for a time: none ends early, and none says that it was interrupted but those that do so too when a process is
// stopped and goes on (signal(7): epoll_wait and sigtimedwait). Where nobody knows how much was left, the whole time is waited again.
#include "corpus.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define SLEEP_MS 4000
#define LATE_MS 3000 // other guests want the processor, too
static int nothing[2], epolls;

static long in_nanosleep(void) {
    struct timespec t = {SLEEP_MS / 1000, 0}, left;
    return nanosleep(&t, &left);
}

static long in_sleep(void) {
    return sleep(SLEEP_MS / 1000);
}

static long in_usleep(void) {
    return usleep(SLEEP_MS * 1000);
}

static long until(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_sec += SLEEP_MS / 1000;
    int error = clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL);
    errno = error;
    return error;
}

static long until_monotonic(void) {
    return until(CLOCK_MONOTONIC);
}

static long in_poll(void) {
    struct pollfd p = {nothing[0], POLLIN, 0};
    return poll(&p, 1, SLEEP_MS);
}

static long in_select(void) {
    struct timeval t = {SLEEP_MS / 1000, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(nothing[0], &set);
    return select(nothing[0] + 1, &set, NULL, NULL, &t);
}

static long in_epoll(void) {
    struct epoll_event e;
    return epoll_wait(epolls, &e, 1, SLEEP_MS);
}

static long in_condition(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t attributes;
    pthread_cond_t never;
    struct timespec t;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&never, &attributes);
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += SLEEP_MS / 1000;
    pthread_mutex_lock(&mutex);
    int error;
    do
        error = pthread_cond_timedwait(&never, &mutex, &t);
    while (error == 0);
    errno = error;
    return error == ETIMEDOUT ? 0 : -1;
}

static long in_signal(void) {
    struct timespec t = {SLEEP_MS / 1000, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return sigtimedwait(&set, NULL, &t) < 0 && errno == EAGAIN ? 0 : -1;
}

static struct sleeper {
    const char *name;
    long (*sleep)(void);
    bool may_be_interrupted, may_begin_anew;
    long result;
    int error;
    int64_t began_ms, took_ms;
    pthread_t thread;
} sleepers[] = {
    {.name = "nanosleep", .sleep = in_nanosleep},
    {.name = "sleep", .sleep = in_sleep},
    {.name = "usleep", .sleep = in_usleep, .may_begin_anew = true},
    {.name = "clock_nanosleep until", .sleep = until_monotonic},
    {.name = "select", .sleep = in_select},
    {.name = "pthread_cond_timedwait", .sleep = in_condition},
    {.name = "poll", .sleep = in_poll, .may_begin_anew = true},
    {.name = "epoll_wait", .sleep = in_epoll, .may_be_interrupted = true},
    {.name = "sigtimedwait", .sleep = in_signal, .may_be_interrupted = true},
};
#define SLEEPERS (sizeof sleepers / sizeof *sleepers)

static void *sleep_in_it(void *with) {
    struct sleeper *s = with;
    s->began_ms = now_ms();
    s->result = s->sleep();
    s->error = errno;
    s->took_ms = now_ms() - s->began_ms;
    return NULL;
}

static void start_all(void) {
    for (size_t i = 0; i < SLEEPERS; i++)
        NEED(pthread_create(&sleepers[i].thread, NULL, sleep_in_it, &sleepers[i]) == 0);
    sleep_ms(50);
}

static void set_up(void) {
    NEED(pipe(nothing) == 0 && (epolls = epoll_create1(0)) >= 0);
    struct epoll_event e = {.events = EPOLLIN};
    NEED(epoll_ctl(epolls, EPOLL_CTL_ADD, nothing[0], &e) == 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    start_all();
}

static void check(void) {
    char all[500] = "";
    for (size_t i = 0; i < SLEEPERS; i++) {
        struct sleeper *s = &sleepers[i];
        pthread_join(s->thread, NULL);
        size_t at = strlen(all);
        if (s->may_be_interrupted && s->result == -1 && s->error == EINTR)
            continue;
        if (s->result != 0)
            snprintf(all + at, sizeof all - at, "%s: %ld (%s) after %d ms; ", s->name, s->result, strerror(s->error), (int)s->took_ms);
        else if (s->took_ms < SLEEP_MS - 1 || s->took_ms > (s->may_begin_anew ? 2 : 1) * SLEEP_MS + LATE_MS)
            snprintf(all + at, sizeof all - at, "%s took %d ms; ", s->name, (int)s->took_ms);
    }
    if (all[0])
        lost("%s", all);
    start_all();
}

int main(void) {
    return corpus(set_up, check);
}
