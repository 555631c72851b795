// Memory that processes share: anonymous, of shm_open with a name and without, with a mutex and a semaphore across processes.
#include "corpus.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>

struct shared {
    pthread_mutex_t mutex;
    sem_t ask, answer;
    long counted, by_child;
};
static struct shared *anonymous;
static char *named, *nameless;

static void count(void *with) {
    (void)with;
    for (;;) {
        if (sem_trywait(&anonymous->ask) == 0) {
            nameless[1] = nameless[0];
            named[1] = named[0];
            sem_post(&anonymous->answer);
        }
        pthread_mutex_lock(&anonymous->mutex);
        anonymous->counted++;
        anonymous->by_child++;
        pthread_mutex_unlock(&anonymous->mutex);
        sleep_ms(1);
    }
}

static char *open_shared(const char *name) {
    int fd = shm_open(name, O_RDWR | O_CREAT, 0600);
    NEED(fd >= 0 && ftruncate(fd, 2 << 20) == 0);
    char *at = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    NEED(at != MAP_FAILED && close(fd) == 0);
    fill(at + 100, 1 << 20, 7);
    return at;
}

static void set_up(void) {
    pthread_mutexattr_t attributes;
    anonymous = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    NEED(anonymous != MAP_FAILED && pthread_mutexattr_init(&attributes) == 0);
    NEED(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
    NEED(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    NEED(pthread_mutex_init(&anonymous->mutex, &attributes) == 0);
    NEED(sem_init(&anonymous->ask, 1, 0) == 0 && sem_init(&anonymous->answer, 1, 0) == 0);
    named = open_shared("/named");
    nameless = open_shared("/nameless");
    NEED(shm_unlink("/nameless") == 0);
    child(count, NULL);
}

static void check(void) {
    pthread_mutex_lock(&anonymous->mutex);
    long before = anonymous->by_child;
    for (int i = 0; i < 100; i++)
        anonymous->counted++;
    KEPT(anonymous->counted == before + 100 * (looks + 1));
    pthread_mutex_unlock(&anonymous->mutex);
    named[0] = nameless[0] = (char)('a' + looks);
    KEPT(sem_post(&anonymous->ask) == 0 && sem_wait(&anonymous->answer) == 0);
    KEPT(named[1] == 'a' + looks && nameless[1] == 'a' + looks);
    KEPT(is_filled(named + 100, 1 << 20, 7) && is_filled(nameless + 100, 1 << 20, 7));
    KEPT(access("/dev/shm/named", F_OK) == 0 && access("/dev/shm/nameless", F_OK) < 0);
}

int main(void) {
    return corpus(set_up, check);
}
