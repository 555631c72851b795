// Threads: a counter under a mutex, hand-over by a condition, memory of each thread, names, masks, one that was cancelled later.
#include "corpus.h"

#include <pthread.h>
#include <sys/prctl.h>

#define THREADS 8
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static pthread_t threads[THREADS], waiter;
static long counted, own_counts[THREADS];
static int whose;
static _Thread_local long own;
static bool asked;

static void *count(void *with) {
    int number = *(int *)with;
    char name[16];
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + number);
    pthread_sigmask(SIG_SETMASK, &set, NULL);
    snprintf(name, sizeof name, "counter %d", number);
    prctl(PR_SET_NAME, name);
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (whose != number)
            pthread_cond_wait(&turn, &mutex);
        counted++;
        own_counts[number] = ++own;
        whose = (whose + 1) % THREADS;
        if (asked) {
            char found[16] = "";
            sigset_t mask;
            prctl(PR_GET_NAME, found);
            KEPT(strcmp(found, name) == 0);
            KEPT(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
            for (int i = 0; i < THREADS; i++)
                KEPT(sigismember(&mask, SIGRTMIN + i) == (i == number));
        }
        pthread_cond_broadcast(&turn);
        pthread_mutex_unlock(&mutex);
        sleep_ms(1);
    }
    return NULL;
}

static void *wait_for_ever(void *with) {
    pause();
    return with;
}

static void set_up(void) {
    static int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        NEED(pthread_create(&threads[i], NULL, count, &numbers[i]) == 0);
    }
    NEED(pthread_create(&waiter, NULL, wait_for_ever, NULL) == 0);
    sleep_ms(50);
}

static void check(void) {
    pthread_mutex_lock(&mutex);
    long before = counted;
    asked = true;
    pthread_mutex_unlock(&mutex);
    sleep_ms(200);
    pthread_mutex_lock(&mutex);
    long sum = 0;
    for (int i = 0; i < THREADS; i++)
        sum += own_counts[i];
    asked = false;
    KEPT(counted > before + THREADS);
    KEPT(sum == counted);
    pthread_mutex_unlock(&mutex);
    void *result;
    KEPT(pthread_cancel(waiter) == 0 && pthread_join(waiter, &result) == 0 && result == PTHREAD_CANCELED);
    KEPT(pthread_create(&waiter, NULL, wait_for_ever, NULL) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
