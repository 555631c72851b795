// Children that have ended and were not waited for: by status, by a signal, with a group that only they are in.
#include "corpus.h"

static pid_t by_status, by_signal, leader, member;

static void end_seven(void *with) {
    (void)with;
    _exit(7);
}

static void wait_for_signal(void *with) {
    (void)with;
    pause();
}

static void own_group(void *with) {
    (void)with;
    setpgid(0, 0);
    _exit(3);
}

static bool has_ended(pid_t pid) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0;
}

static void set_up(void) {
    by_status = child(end_seven, NULL);
    by_signal = child(wait_for_signal, NULL);
    NEED(kill(by_signal, SIGUSR1) == 0);
    leader = child(own_group, NULL);
    NEED(has_ended(by_status) && has_ended(by_signal) && has_ended(leader));
    member = child(wait_for_signal, NULL);
    NEED(setpgid(member, leader) == 0);
}

static void check(void) {
    int status;
    KEPT(getpgid(member) == leader);
    KEPT(waitpid(by_status, &status, 0) == by_status && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    KEPT(waitpid(by_signal, &status, 0) == by_signal && WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    KEPT(waitpid(leader, &status, 0) == leader && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    KEPT(kill(member, SIGKILL) == 0 && waitpid(-leader, &status, 0) == member);
    KEPT(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD);
    set_up();
}

int main(void) {
    return corpus(set_up, check);
}
