// A terminal that the guest made for itself, with something typed and something shown that were not read yet.
#include "corpus.h"

#include <termios.h>

static int master, slave;

static void put(void) {
    NEED(writes(master, "typed") && writes(slave, "shown"));
    sleep_ms(20);
}

static void set_up(void) {
    struct termios t;
    NEED((master = posix_openpt(O_RDWR | O_NOCTTY)) >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    NEED((slave = open(ptsname(master), O_RDWR | O_NOCTTY)) >= 0 && tcgetattr(slave, &t) == 0);
    cfmakeraw(&t);
    NEED(tcsetattr(slave, TCSANOW, &t) == 0);
    NEED(fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) == 0 && fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    put();
}

static void check(void) {
    KEPT(reads(slave, "typed"));
    KEPT(reads(master, "shown"));
    put();
}

int main(void) {
    return corpus(set_up, check);
}
