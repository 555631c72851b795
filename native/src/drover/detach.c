// Process: `drover run --detach`. The words' process waits until the job has a number and prints it; its child stays as
// the deputy, in a session of its own, with the job's log as its output.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void detach_fork(int *told) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        die("cannot make a pipe");
    pid_t child = fork();
    if (child < 0)
        die("cannot fork");
    if (child == 0) {
        close(pair[0]);
        setsid();
        *told = pair[1];
        return;
    }
    close(pair[1]);
    uint64_t job;
    ssize_t n;
    do
        n = read(pair[0], &job, sizeof job);
    while (n < 0 && errno == EINTR);
    if (n == sizeof job) {
        printf("%" PRIu64 "\n", job);
        fflush(stdout);
        _exit(ferror(stdout) ? EXIT_DROVER : 0);
    }
    int status; // it has said why itself
    if (waitpid(child, &status, 0) == child && WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    _exit(EXIT_DROVER);
}

void detach_tell(int told, uint64_t job, const char *log_path) {
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (log < 0 || null < 0) {
        say("drover: cannot write the job's log %s: %s; the job is given up", log_path, strerror(errno));
        _exit(EXIT_DROVER);
    }
    if (write(told, &job, sizeof job) != sizeof job)
        _exit(EXIT_DROVER); // killed before it could print the number: nobody would ever find the job
    close(told);
    if (dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        die("cannot take on the log");
    close(null);
    close(log);
}
