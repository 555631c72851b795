// System V shared memory that is attached and has been removed.
#include "corpus.h"

#include <sys/ipc.h>
#include <sys/shm.h>

static char *at;

static void set_up(void) {
    int memory = shmget(IPC_PRIVATE, 8192, 0600);
    NEED(memory >= 0 && (at = shmat(memory, NULL, 0)) != (void *)-1);
    strcpy(at, "kept");
    NEED(shmctl(memory, IPC_RMID, NULL) == 0);
}

static void check(void) {
    KEPT(strcmp(at, "kept") == 0);
}

int main(void) {
    return corpus(set_up, check);
}
