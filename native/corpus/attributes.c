// What a process has set for itself: names, umask, niceness, limits, the signal of its parent's death, and flags of prctl(2).
#include "corpus.h"

#include <sys/prctl.h>
#include <sys/resource.h>


static void set_up(void) {
    struct rlimit limit = {1000, 2000};
    struct rlimit stack = {4 << 20, 8 << 20};
    NEED(prctl(PR_SET_NAME, "another name") == 0);
    umask(0137);
    NEED(setpriority(PRIO_PROCESS, 0, 19) == 0);
    NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0 && setrlimit(RLIMIT_STACK, &stack) == 0);
    NEED(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    NEED(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    NEED(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    NEED(fd >= 0 && writes(fd, "321") && close(fd) == 0);
}

static void check(void) {
    char name[17] = "";
    struct rlimit limit;
    mode_t mask = umask(0137);
    int value = 0;
    KEPT(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "another name") == 0);
    KEPT(mask == 0137);
    KEPT(getpriority(PRIO_PROCESS, 0) == 19);
    KEPT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 1000 && limit.rlim_max == 2000);
    KEPT(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur == 4 << 20 && limit.rlim_max == 8 << 20);
    KEPT(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
    KEPT(prctl(PR_GET_CHILD_SUBREAPER, &value) == 0 && value == 1);
    KEPT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    KEPT(prctl(PR_GET_PDEATHSIG, &value) == 0 && value == SIGUSR2);
    int fd = open("/proc/self/oom_score_adj", O_RDONLY);
    KEPT(fd >= 0 && reads(fd, "321") && close(fd) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
