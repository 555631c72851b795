// A pipe in packet mode (O_DIRECT): each write is read by itself.
#include "corpus.h"

static int packets[2];

static void put(void) {
    NEED(writes(packets[1], "one") && writes(packets[1], "three"));
}

static void set_up(void) {
    NEED(pipe2(packets, O_DIRECT) == 0);
    put();
}

static void check(void) {
    char buffer[100];
    KEPT(read(packets[0], buffer, sizeof buffer) == 3);
    KEPT(read(packets[0], buffer, sizeof buffer) == 5);
    put();
}

int main(void) {
    return corpus(set_up, check);
}
