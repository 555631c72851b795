// Signals: handlers and their flags, masks, what is pending (real-time ones queued with their values), another stack.
#include "corpus.h"

static volatile sig_atomic_t usr1, seen[8], count, on_other_stack;
static stack_t stack;

static void on_usr1(int signal) {
    char here;
    (void)signal;
    usr1++;
    on_other_stack = &here >= (char *)stack.ss_sp && &here < (char *)stack.ss_sp + stack.ss_size;
}

static void on_queued(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    if (count < 8)
        seen[count] = info->si_value.sival_int;
    count++;
}

static void send_all(void) {
    for (int i = 0; i < 3; i++)
        NEED(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 100 + i}) == 0);
    NEED(kill(getpid(), SIGUSR2) == 0);
}

static void set_up(void) {
    struct sigaction act = {.sa_handler = on_usr1, .sa_flags = SA_ONSTACK};
    struct sigaction queued = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t set;
    stack = (stack_t){.ss_sp = malloc(64 << 10), .ss_size = 64 << 10};
    sigaddset(&act.sa_mask, SIGHUP);
    NEED(sigaltstack(&stack, NULL) == 0 && sigaction(SIGUSR1, &act, NULL) == 0);
    NEED(sigaction(SIGRTMIN + 3, &queued, NULL) == 0 && sigaction(SIGUSR2, &queued, NULL) == 0);
    NEED(signal(SIGINT, SIG_IGN) != SIG_ERR && signal(SIGTERM, SIG_IGN) != SIG_ERR);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGWINCH);
    NEED(sigprocmask(SIG_SETMASK, &set, NULL) == 0);
    send_all();
}

static void check(void) {
    sigset_t mask, none;
    struct sigaction act;
    stack_t now;
    KEPT(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
    KEPT(sigismember(&mask, SIGWINCH) == 1 && sigismember(&mask, SIGRTMIN + 3) == 1 && sigismember(&mask, SIGHUP) == 0);
    KEPT(sigaction(SIGUSR1, NULL, &act) == 0 && act.sa_handler == on_usr1 && act.sa_flags & SA_ONSTACK);
    KEPT(sigismember(&act.sa_mask, SIGHUP) == 1);
    KEPT(sigaction(SIGINT, NULL, &act) == 0 && act.sa_handler == SIG_IGN);
    KEPT(sigaltstack(NULL, &now) == 0 && now.ss_sp == stack.ss_sp && now.ss_size == stack.ss_size);
    int before = usr1;
    KEPT(raise(SIGUSR1) == 0 && usr1 == before + 1 && on_other_stack);
    KEPT(kill(getpid(), SIGTERM) == 0);
    count = 0;
    sigset_t pending;
    KEPT(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR2) == 1);
    sigemptyset(&none);
    KEPT(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    if (count != 4)
        lost("%d signals were pending, not 4", (int)count);
    KEPT(sigprocmask(SIG_SETMASK, &mask, NULL) == 0);
    int sum = 0;
    for (int i = 0; i < 4; i++)
        sum += seen[i];
    KEPT(sum == 100 + 101 + 102);
    send_all();
}

int main(void) {
    return corpus(set_up, check);
}
