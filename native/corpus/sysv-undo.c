// A System V semaphore that a child has taken and that is given back when the child ends (SEM_UNDO).
#include "corpus.h"

#include <sys/ipc.h>
#include <sys/sem.h>

static int semaphore;
static pid_t holder;

static void hold(void *with) {
    struct sembuf take = {0, -1, SEM_UNDO};
    (void)with;
    NEED(semop(semaphore, &take, 1) == 0);
    pause();
}

static void start(void) {
    holder = child(hold, NULL);
    while (semctl(semaphore, 0, GETVAL) != 0)
        sleep_ms(2);
}

static void set_up(void) {
    NEED((semaphore = semget(IPC_PRIVATE, 1, 0600)) >= 0 && semctl(semaphore, 0, SETVAL, 1) == 0);
    start();
}

static void check(void) {
    int status;
    KEPT(semctl(semaphore, 0, GETVAL) == 0);
    KEPT(kill(holder, SIGKILL) == 0 && waitpid(holder, &status, 0) == holder);
    KEPT(semctl(semaphore, 0, GETVAL) == 1);
    start();
}

int main(void) {
    return corpus(set_up, check);
}
