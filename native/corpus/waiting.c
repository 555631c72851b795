// Threads that wait, each in another call without a limit of time, and go on afterwards as if nothing had been. (epoll_wait, msgrcv and
// sigwaitinfo end with EINTR also when a process is stopped and goes on, says signal(7): they are called again.)
#include "corpus.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>

static int pipes[4][2], pair[2], epolls, queue;
static sem_t semaphore;
static sigset_t waited;

static long in_read(void) {
    char c;
    return read(pipes[0][0], &c, 1);
}

static long in_poll(void) {
    struct pollfd p = {pipes[1][0], POLLIN, 0};
    return poll(&p, 1, -1);
}

static long in_select(void) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipes[2][0], &set);
    return select(pipes[2][0] + 1, &set, NULL, NULL, NULL);
}

static long in_epoll(void) {
    struct epoll_event e;
    int n;
    do
        n = epoll_wait(epolls, &e, 1, -1);
    while (n < 0 && errno == EINTR);
    return n;
}

static long in_receive(void) {
    char c;
    return recv(pair[0], &c, 1, 0);
}

static long in_semaphore(void) {
    return sem_wait(&semaphore) + 1;
}

static long in_signal(void) {
    int signal;
    do
        signal = sigwaitinfo(&waited, NULL);
    while (signal < 0 && errno == EINTR);
    return signal == SIGUSR2 ? 1 : -1;
}

static long in_queue(void) {
    struct {
        long type;
        char text[1];
    } m;
    ssize_t n;
    do
        n = msgrcv(queue, &m, 1, 0, 0);
    while (n < 0 && errno == EINTR);
    return n;
}

static struct waiter {
    const char *name;
    long (*wait)(void);
    long result;
    int error;
    volatile bool done;
    pthread_t thread;
} waiters[] = {
    {.name = "read", .wait = in_read},
    {.name = "poll", .wait = in_poll},
    {.name = "select", .wait = in_select},
    {.name = "epoll_wait", .wait = in_epoll},
    {.name = "recv", .wait = in_receive},
    {.name = "sem_wait", .wait = in_semaphore},
    {.name = "sigwaitinfo", .wait = in_signal},
    {.name = "msgrcv", .wait = in_queue},
};
#define WAITERS (sizeof waiters / sizeof *waiters)

static void *wait_in_it(void *with) {
    struct waiter *w = with;
    w->result = w->wait();
    w->error = errno;
    w->done = true;
    return NULL;
}

static void start_all(void) {
    for (size_t i = 0; i < WAITERS; i++) {
        waiters[i].done = false;
        NEED(pthread_create(&waiters[i].thread, NULL, wait_in_it, &waiters[i]) == 0);
    }
    sleep_ms(50);
}

static void set_up(void) {
    sigemptyset(&waited);
    sigaddset(&waited, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &waited, NULL);
    for (int i = 0; i < 4; i++)
        NEED(pipe(pipes[i]) == 0);
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && (epolls = epoll_create1(0)) >= 0);
    struct epoll_event e = {.events = EPOLLIN};
    NEED(epoll_ctl(epolls, EPOLL_CTL_ADD, pipes[3][0], &e) == 0);
    NEED((queue = msgget(IPC_PRIVATE, 0600)) >= 0 && sem_init(&semaphore, 0, 0) == 0);
    start_all();
}

static void check(void) {
    struct {
        long type;
        char text[1];
    } m = {1, "m"};
    sleep_ms(50);
    for (size_t i = 0; i < WAITERS; i++)
        if (waiters[i].done)
            lost("%s ended by itself: %ld (%s)", waiters[i].name, waiters[i].result, strerror(waiters[i].error));
    for (int i = 0; i < 4; i++)
        KEPT(writes(pipes[i][1], "x"));
    KEPT(writes(pair[1], "x") && sem_post(&semaphore) == 0 && kill(getpid(), SIGUSR2) == 0 && msgsnd(queue, &m, 1, 0) == 0);
    for (size_t i = 0; i < WAITERS; i++) {
        pthread_join(waiters[i].thread, NULL);
        if (waiters[i].result != 1)
            lost("%s: %ld (%s)", waiters[i].name, waiters[i].result, strerror(waiters[i].error));
    }
    for (int i = 1; i < 4; i++)
        KEPT(reads(pipes[i][0], "x"));
    start_all();
}

int main(void) {
    return corpus(set_up, check);
}
