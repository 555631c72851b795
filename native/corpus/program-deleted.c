// The program's own file is replaced by another while it runs, as by an upgrade.
#include "corpus.h"

static char path[4096];

static void set_up(void) {
    char buffer[65536];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    NEED(n > 0);
    if (strstr(path, "/replaced"))
        return;
    // A copy of its own, so that only this process runs it.
    int from = open("/proc/self/exe", O_RDONLY), to = open("replaced", O_WRONLY | O_CREAT | O_TRUNC, 0700);
    NEED(from >= 0 && to >= 0);
    while ((n = read(from, buffer, sizeof buffer)) > 0)
        NEED(write(to, buffer, (size_t)n) == n);
    close(from);
    close(to);
    execl("replaced", "replaced", (char *)NULL);
    NEED(!"execl");
}

static void replace(void) {
    set_up();
    int fd = open("next", O_WRONLY | O_CREAT, 0700);
    NEED(fd >= 0 && writes(fd, "#!/bin/false\n") && close(fd) == 0 && rename("next", "replaced") == 0);
}

static void check(void) {
    char now[4096];
    ssize_t n = readlink("/proc/self/exe", now, sizeof now - 1);
    KEPT(n > 0);
    now[n] = 0;
    KEPT(strstr(now, "/replaced") != NULL);
}

int main(void) {
    return corpus(replace, check);
}
