// Sessions and process groups: of children, of a session whose leader has died, of orphans that init has taken.
#include "corpus.h"

#include <sys/mman.h>
#include <sys/prctl.h>

struct tree {
    pid_t grouped, second, leader, orphan, member;
};
static struct tree *tree;

static void stay(void) {
    prctl(PR_SET_PDEATHSIG, 0);
    for (;;)
        pause();
}

static void stay_as(void *with) {
    (void)with;
    for (;;)
        pause();
}

/// A session of its own, whose leader leaves a member behind.
static void lead(void *with) {
    (void)with;
    tree->leader = setsid();
    pid_t pid = fork();
    if (pid == 0)
        stay();
    tree->member = pid;
}

static void leave_orphan(void *with) {
    (void)with;
    pid_t pid = fork();
    if (pid == 0)
        stay();
    tree->orphan = pid;
}

static void set_up(void) {
    tree = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    NEED(tree != MAP_FAILED);
    tree->grouped = child(stay_as, NULL);
    NEED(setpgid(tree->grouped, tree->grouped) == 0);
    tree->second = child(stay_as, NULL);
    NEED(setpgid(tree->second, tree->grouped) == 0);
    NEED(waitpid(child(lead, NULL), NULL, 0) > 0 && waitpid(child(leave_orphan, NULL), NULL, 0) > 0);
}

static pid_t parent_of(pid_t pid) {
    char path[64], line[512];
    int parent = -1;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f && fgets(line, sizeof line, f))
        sscanf(strrchr(line, ')') + 1, " %*c %d", &parent);
    if (f)
        fclose(f);
    return parent;
}

static void check(void) {
    KEPT(getpgid(tree->grouped) == tree->grouped && getpgid(tree->second) == tree->grouped);
    KEPT(getsid(tree->grouped) == getsid(0) && getpgid(0) == getpgrp());
    KEPT(kill(tree->leader, 0) < 0 && errno == ESRCH);
    KEPT(getsid(tree->member) == tree->leader && getpgid(tree->member) == tree->leader);
    KEPT(parent_of(tree->member) == 1 && parent_of(tree->orphan) == 1);
    KEPT(getsid(tree->orphan) == getsid(0));
    KEPT(parent_of(tree->second) == getpid());
    KEPT(kill(-tree->grouped, 0) == 0 && kill(-tree->leader, 0) == 0);
    if (looks < 1)
        return;
    int status;
    KEPT(kill(-tree->grouped, SIGTERM) == 0);
    KEPT(waitpid(tree->grouped, &status, 0) == tree->grouped && WTERMSIG(status) == SIGTERM);
    KEPT(waitpid(-tree->grouped, &status, 0) == tree->second && WTERMSIG(status) == SIGTERM);
    KEPT(kill(-tree->leader, SIGKILL) == 0 && kill(tree->orphan, SIGKILL) == 0);
    for (int i = 0; i < 400 && kill(tree->orphan, 0) == 0; i++)
        sleep_ms(5); // init buries it
    KEPT(kill(tree->orphan, 0) < 0);
    set_up();
}

int main(void) {
    int status = corpus(set_up, check);
    kill(-tree->leader, SIGKILL);
    kill(tree->orphan, SIGKILL);
    return status;
}
