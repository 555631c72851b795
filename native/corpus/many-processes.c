// A hundred processes, in width and in depth, each of which passes a word on.
#include "corpus.h"

#include <sys/prctl.h>

#define DEPTH 20
#define WIDTH 80
static int down[2], up[2], each[WIDTH][2];

/// The n-th of a row of descendants; the last answers.
static void descend(int left, int to_read, int to_write) {
    int next[2] = {-1, -1};
    char c;
    if (left > 0) {
        NEED(pipe(next) == 0);
        pid_t pid = fork();
        NEED(pid >= 0);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(next[1]);
            descend(left - 1, next[0], to_write);
            _exit(0);
        }
        close(next[0]);
    }
    while (read(to_read, &c, 1) == 1) {
        c++;
        if (write(left > 0 ? next[1] : to_write, &c, 1) != 1)
            return;
    }
}

static void deep(void *with) {
    (void)with;
    descend(DEPTH - 1, down[0], up[1]);
}

static void wide(void *with) {
    int number = *(int *)with;
    char c;
    while (read(each[number][0], &c, 1) == 1) {
        c = (char)(number + 1);
        if (write(up[1], &c, 1) != 1)
            return;
    }
}

static void set_up(void) {
    NEED(pipe(down) == 0 && pipe(up) == 0);
    child(deep, NULL);
    for (int i = 0; i < WIDTH; i++) {
        NEED(pipe(each[i]) == 0);
        child(wide, &i);
    }
}

static void check(void) {
    char c = 1;
    int sum = 0;
    KEPT(write(down[1], &c, 1) == 1 && read(up[0], &c, 1) == 1 && c == 1 + DEPTH);
    for (int i = 0; i < WIDTH; i++)
        KEPT(write(each[i][1], "x", 1) == 1);
    for (int i = 0; i < WIDTH; i++) {
        KEPT(read(up[0], &c, 1) == 1);
        sum += c;
    }
    KEPT(sum == WIDTH * (WIDTH + 1) / 2);
}

int main(void) {
    return corpus(set_up, check);
}
