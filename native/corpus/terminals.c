// Terminals that the guest makes for itself, as script(1) and tmux do: modes, size, a child whose controlling
// terminal one is.
#include "corpus.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master, slave, shells;
static pid_t shell;

static void echo(void *with) {
    char line[100];
    (void)with;
    setsid();
    int fd = open(ptsname(shells), O_RDWR);
    NEED(fd >= 0 && ioctl(fd, TIOCSCTTY, 0) >= 0);
    for (ssize_t n; (n = read(fd, line, sizeof line)) > 0;) {
        int own = open("/dev/tty", O_RDWR);
        if (own < 0 || tcgetpgrp(fd) != getpid() || write(own, line, (size_t)n) != n)
            lost("the child's controlling terminal");
        close(own);
    }
}

static int open_master(void) {
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    NEED(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0);
    return fd;
}

static void quiet(int fd) {
    struct termios t;
    NEED(tcgetattr(fd, &t) == 0);
    cfmakeraw(&t);
    t.c_cc[VMIN] = 1;
    t.c_cc[VINTR] = 5;
    NEED(tcsetattr(fd, TCSANOW, &t) == 0);
}

static void set_up(void) {
    struct winsize size = {33, 99, 1, 2};
    master = open_master();
    NEED((slave = open(ptsname(master), O_RDWR | O_NOCTTY)) >= 0);
    quiet(slave);
    NEED(ioctl(master, TIOCSWINSZ, &size) == 0);
    shells = open_master();
    shell = child(echo, NULL);
    sleep_ms(50);
}

static void check(void) {
    struct winsize size = {0};
    struct termios t;
    KEPT(ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 99);
    KEPT(tcgetattr(slave, &t) == 0 && !(t.c_lflag & (ICANON | ECHO)) && t.c_cc[VINTR] == 5);
    KEPT(writes(master, "typed") && reads(slave, "typed"));
    KEPT(writes(slave, "shown") && reads(master, "shown"));
    KEPT(writes(shells, "hello\n") && reads(shells, "hello\r\nhello\r\n"));
    char name[64];
    KEPT(ptsname_r(master, name, sizeof name) == 0 && access(name, R_OK | W_OK) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
