// Process: bench/launch's stopwatch, on the home node. Runs several commands in turn, each in every round, and prints how
// long each took from fork to reaped: all of them see the same machine.
// usage: launch-timer WARM-ROUNDS ROUNDS UID GID LABEL COMMAND ARGS... ; LABEL COMMAND ARGS... ; ...
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_LIMIT 16

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "launch-timer: cannot %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_ms(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) < 0)
        fail("read the clock");
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double launch_ms(char **command) {
    double begin = now_ms();
    pid_t pid = vfork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        fail("wait");
    double end = now_ms();
    if (status != 0) {
        fprintf(stderr, "launch-timer: '%s' ended with status %d instead of 0\n", command[0], status);
        exit(1);
    }
    return end - begin;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: launch-timer WARM-ROUNDS ROUNDS UID GID LABEL COMMAND ARGS... ; LABEL COMMAND ARGS...\n");
        return 2;
    }
    size_t warm = strtoul(argv[1], NULL, 10);
    size_t rounds = strtoul(argv[2], NULL, 10);
    uid_t uid = (uid_t)strtoul(argv[3], NULL, 10);
    gid_t gid = (gid_t)strtoul(argv[4], NULL, 10);
    const char *labels[COMMAND_LIMIT];
    char **commands[COMMAND_LIMIT];
    size_t count = 0;
    for (int i = 5; i + 1 < argc && count < COMMAND_LIMIT; i++) {
        labels[count] = argv[i];
        commands[count++] = &argv[i + 1];
        while (i < argc && strcmp(argv[i], ";") != 0)
            i++;
        if (i < argc)
            argv[i] = NULL;
    }
    int null = open("/dev/null", O_RDWR);
    if (rounds == 0 || null < 0 || dup2(null, 0) < 0)
        fail("begin");
    if (uid != 0 && (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0))
        fail("become the user");
    double *took = calloc(count * rounds, sizeof *took);
    if (!took)
        fail("get memory");
    for (size_t i = 0; i < warm; i++)
        for (size_t c = 0; c < count; c++)
            launch_ms(commands[c]);
    for (size_t i = 0; i < rounds; i++)
        for (size_t c = 0; c < count; c++)
            took[c * rounds + i] = launch_ms(commands[c]);
    double local = 0;
    for (size_t c = 0; c < count; c++) {
        double *t = &took[c * rounds];
        qsort(t, rounds, sizeof *t, by_value);
        double p50 = t[rounds / 2], p99 = t[rounds * 99 / 100];
        if (c == 0)
            local = p50;
        printf("%-24s %8.2f ms %8.2f ms %8.2f ms %+8.2f ms\n", labels[c], t[0], p50, p99, p50 - local);
    }
    free(took);
    return 0;
}
