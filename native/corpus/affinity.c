// The processors that a process, and one of its threads, allow themselves.
#include "corpus.h"

#include <pthread.h>
#include <sched.h>

static cpu_set_t of_process, of_thread;
static pid_t thread;

static void choose(cpu_set_t *from, size_t number, cpu_set_t *to) {
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, from) && number-- == 0)
            CPU_SET(i, to);
}

static void *stay(void *ready) {
    thread = gettid();
    NEED(sched_setaffinity(0, sizeof of_thread, &of_thread) == 0);
    pthread_barrier_wait(ready);
    for (;;)
        pause();
    return NULL;
}

static void set_up(void) {
    cpu_set_t all;
    pthread_t other;
    pthread_barrier_t ready;
    NEED(sched_getaffinity(0, sizeof all, &all) == 0);
    if (CPU_COUNT(&all) < 2)
        without("there is one processor only");
    choose(&all, 0, &of_process);
    choose(&all, 1, &of_thread);
    NEED(pthread_barrier_init(&ready, NULL, 2) == 0 && pthread_create(&other, NULL, stay, &ready) == 0);
    pthread_barrier_wait(&ready);
    NEED(sched_setaffinity(0, sizeof of_process, &of_process) == 0);
}

static void check(void) {
    cpu_set_t now;
    KEPT(sched_getaffinity(0, sizeof now, &now) == 0 && CPU_EQUAL(&now, &of_process));
    KEPT(sched_getaffinity(thread, sizeof now, &now) == 0 && CPU_EQUAL(&now, &of_thread));
}

int main(void) {
    return corpus(set_up, check);
}
