// Descriptors that tell of input by a signal (O_ASYNC), of a pipe and a socket, to a process and to a group.
#include "corpus.h"

#include <sys/socket.h>

static volatile sig_atomic_t told, of;
static int pipes[2], pair[2];

static void on_input(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    told++;
    of = info->si_fd;
}

static bool tells(int fd, pid_t owner) {
    return fcntl(fd, F_SETOWN, owner) == 0 && fcntl(fd, F_SETSIG, SIGRTMIN + 2) == 0
        && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC | O_NONBLOCK) == 0;
}

static void set_up(void) {
    struct sigaction act = {.sa_sigaction = on_input, .sa_flags = SA_SIGINFO | SA_RESTART};
    NEED(sigaction(SIGRTMIN + 2, &act, NULL) == 0);
    NEED(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    NEED(tells(pipes[0], getpid()));
    NEED(tells(pair[0], getpid()));
}

static void look_at(int fd, int other) {
    told = 0;
    KEPT(fcntl(fd, F_GETSIG) == SIGRTMIN + 2);
    KEPT(fcntl(fd, F_GETOWN) == getpid());
    KEPT(fcntl(fd, F_GETFL) & O_ASYNC);
    KEPT(writes(other, "x"));
    for (int i = 0; i < 100 && !told; i++)
        sleep_ms(5);
    KEPT(told >= 1 && of == fd && reads(fd, "x"));
}

static void check(void) {
    look_at(pipes[0], pipes[1]);
    look_at(pair[0], pair[1]);
}

int main(void) {
    return corpus(set_up, check);
}
