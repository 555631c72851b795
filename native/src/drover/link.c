// Process: the deputy. The way to the daemon.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// How long a daemon may be away (an upgrade, a restart after a crash) before its jobs' deputies give up.
#define PATIENCE_DEFAULT_SECONDS 600
#define PATIENCE_LIMIT_SECONDS 86400

const char *link_path(void) {
    static char path[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *directory = getenv("DROVER_RUN_DIR");
    int n = snprintf(path, sizeof path, "%s/drover.sock", directory && *directory ? directory : "/run/drover");
    if (n < 0 || (size_t)n >= sizeof path) {
        say("drover: DROVER_RUN_DIR is too long for a socket's path (%d bytes): choose a shorter one", n);
        exit(EXIT_DROVER);
    }
    return path;
}

int link_connect(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, link_path());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int link_patience_seconds(void) {
    const char *text = getenv("DROVER_PATIENCE");
    char *rest;
    if (!text || !*text)
        return PATIENCE_DEFAULT_SECONDS;
    long seconds = strtol(text, &rest, 10);
    if (*rest || seconds < 0 || seconds > PATIENCE_LIMIT_SECONDS) {
        say("drover: DROVER_PATIENCE must be 0 to %d seconds, not %s", PATIENCE_LIMIT_SECONDS, text);
        exit(EXIT_DROVER);
    }
    return (int)seconds;
}

_Noreturn void link_unreachable(int error) {
    say("drover: cannot reach the daemon at %s: %s; start it with: drover daemon (as root), see: drover doctor", link_path(),
        strerror(error));
    exit(EXIT_DROVER);
}
