// A child that was stopped, and goes on only when it is told to; its parent hears of both.
#include "corpus.h"

static pid_t pid;
static int from[2];

static void tick(void *with) {
    (void)with;
    while (write(from[1], ".", 1) == 1)
        sleep_ms(10);
}

static void drain(void) {
    char buffer[4096];
    while (read(from[0], buffer, sizeof buffer) > 0) {
    }
}

static void set_up(void) {
    int status;
    NEED(pipe2(from, O_NONBLOCK) == 0);
    pid = child(tick, NULL);
    sleep_ms(50);
    NEED(kill(pid, SIGSTOP) == 0 && waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
}

static void check(void) {
    char c;
    int status;
    drain();
    sleep_ms(100);
    KEPT(read(from[0], &c, 1) < 0 && errno == EAGAIN); // it is stopped
    KEPT(kill(pid, SIGCONT) == 0 && waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    sleep_ms(100);
    KEPT(read(from[0], &c, 1) == 1);
    KEPT(kill(pid, SIGSTOP) == 0 && waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
}

int main(void) {
    return corpus(set_up, check);
}
