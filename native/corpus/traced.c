// A child that its parent traces, as under a debugger.
#include "corpus.h"

#include <sys/ptrace.h>

static pid_t pid;

static void be_traced(void *with) {
    (void)with;
    NEED(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    raise(SIGSTOP);
    for (;;)
        pause();
}

static void set_up(void) {
    int status;
    pid = child(be_traced, NULL);
    NEED(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
}

static void check(void) {
    KEPT(ptrace(PTRACE_PEEKUSER, pid, NULL, NULL) != -1 || errno == 0);
}

int main(void) {
    return corpus(set_up, check);
}
