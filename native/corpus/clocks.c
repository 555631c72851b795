// Clocks: none that must go on goes back or leaps.
#include "corpus.h"

static struct timespec last[16];
static const struct {
    clockid_t clock;
    const char *name;
} clocks[] = {
    {CLOCK_MONOTONIC, "CLOCK_MONOTONIC"}, {CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW"}, {CLOCK_BOOTTIME, "CLOCK_BOOTTIME"},
    {CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE"}, {CLOCK_REALTIME, "CLOCK_REALTIME"},
};
#define CLOCKS (sizeof clocks / sizeof *clocks)

static void look(void) {
    for (size_t i = 0; i < CLOCKS; i++)
        NEED(clock_gettime(clocks[i].clock, &last[i]) == 0);
}

static void set_up(void) {
    look();
}

static void check(void) {
    for (size_t i = 0; i < CLOCKS; i++) {
        struct timespec now;
        KEPT(clock_gettime(clocks[i].clock, &now) == 0);
        double gone = (double)(now.tv_sec - last[i].tv_sec) + 1e-9 * (double)(now.tv_nsec - last[i].tv_nsec);
        if (gone < 0 || gone > 120)
            lost("%s went on by %.3f s", clocks[i].name, gone);
    }
    look();
}

int main(void) {
    return corpus(set_up, check);
}
