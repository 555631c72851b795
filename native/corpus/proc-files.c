// Files of /proc, /dev and /sys that stay open: of the process itself, of the machine, devices.
#include "corpus.h"

static int status, meminfo, null, zero, random_fd, sys, directory;

static void set_up(void) {
    NEED((status = open("/proc/self/status", O_RDONLY)) >= 0);
    NEED((meminfo = open("/proc/meminfo", O_RDONLY)) >= 0);
    NEED((null = open("/dev/null", O_RDWR)) >= 0 && (zero = open("/dev/zero", O_RDONLY)) >= 0);
    NEED((random_fd = open("/dev/urandom", O_RDONLY)) >= 0);
    NEED((sys = open("/sys/class/net/lo/mtu", O_RDONLY)) >= 0);
    NEED((directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY)) >= 0);
}

static void check(void) {
    char text[4096], wanted[64];
    ssize_t n = pread(status, text, sizeof text - 1, 0);
    KEPT(n > 0);
    text[n] = 0;
    snprintf(wanted, sizeof wanted, "\nPid:\t%d\n", (int)getpid());
    KEPT(strstr(text, wanted) != NULL);
    KEPT(pread(meminfo, text, 9, 0) == 9 && strncmp(text, "MemTotal:", 9) == 0);
    KEPT(writes(null, "away") && read(null, text, 1) == 0);
    KEPT(read(zero, text, 3) == 3 && text[0] == 0 && text[2] == 0 && read(random_fd, text, 8) == 8);
    KEPT(pread(sys, text, sizeof text, 0) > 1);
    snprintf(wanted, sizeof wanted, "%d", directory);
    KEPT(faccessat(directory, wanted, F_OK, 0) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
