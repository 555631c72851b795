// System V: shared memory, semaphores, queued messages.
#include "corpus.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static int memory, removed, semaphores, queue;
static char *at, *removed_at;
struct message {
    long type;
    char text[32];
};

static void send_both(void) {
    struct message one = {1, "one"}, two = {2, "two"};
    NEED(msgsnd(queue, &one, 4, 0) == 0 && msgsnd(queue, &two, 4, 0) == 0);
}

static void set_up(void) {
    NEED((memory = shmget(0x4711, 1 << 20, IPC_CREAT | 0600)) >= 0 && (at = shmat(memory, NULL, 0)) != (void *)-1);
    fill(at, 1 << 20, 1);
    NEED((removed = shmget(IPC_PRIVATE, 8192, 0600)) >= 0 && (removed_at = shmat(removed, NULL, 0)) != (void *)-1);
    strcpy(removed_at, "removed");
    NEED((semaphores = semget(0x4712, 2, IPC_CREAT | 0640)) >= 0);
    NEED(semctl(semaphores, 0, SETVAL, 5) == 0 && semctl(semaphores, 1, SETVAL, 9) == 0);
    NEED((queue = msgget(0x4713, IPC_CREAT | 0600)) >= 0);
    send_both();
}

static void check(void) {
    struct message m;
    struct shmid_ds about;
    KEPT(is_filled(at, 1 << 20, 1));
    KEPT(shmget(0x4711, 0, 0) == memory && shmctl(memory, IPC_STAT, &about) == 0 && about.shm_nattch == 1);
    KEPT(about.shm_perm.uid == geteuid());
    KEPT(strcmp(removed_at, "removed") == 0);
    KEPT(semget(0x4712, 0, 0) == semaphores && semctl(semaphores, 0, GETVAL) == 5 && semctl(semaphores, 1, GETVAL) == 9);
    KEPT(msgget(0x4713, 0) == queue);
    KEPT(msgrcv(queue, &m, 32, 2, IPC_NOWAIT) == 4 && strcmp(m.text, "two") == 0);
    KEPT(msgrcv(queue, &m, 32, 0, IPC_NOWAIT) == 4 && strcmp(m.text, "one") == 0);
    send_both();
    char *again = shmat(memory, NULL, SHM_RDONLY);
    KEPT(again != (void *)-1 && again[77] == at[77] && shmdt(again) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
