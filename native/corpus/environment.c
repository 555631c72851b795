// A large environment and many arguments, seen from within and in /proc.
#include "corpus.h"

static char **arguments;
static int count;

static void set_up(void) {
}

static size_t size_of(const char *path) {
    char buffer[65536];
    size_t all = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t n; fd >= 0 && (n = read(fd, buffer, sizeof buffer)) > 0;)
        all += (size_t)n;
    close(fd);
    return all;
}

static void check(void) {
    char name[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "CORPUS_%d", i);
        const char *value = getenv(name);
        KEPT(value && strlen(value) == 1000 && value[0] == 'a' + i % 26 && value[999] == 'a' + i % 26);
        KEPT(atoi(arguments[i + 1]) == i);
    }
    KEPT(count == 1001);
    KEPT(size_of("/proc/self/environ") > 1000 * 1000);
    KEPT(size_of("/proc/self/cmdline") > 2 * 1000);
}

int main(int argc, char **argv) {
    if (argc < 100) {
        static char *again[1002];
        char value[1001] = "", name[32];
        for (int i = 0; i < 1000; i++) {
            memset(value, 'a' + i % 26, 1000);
            snprintf(name, sizeof name, "CORPUS_%d", i);
            NEED(setenv(name, value, 1) == 0 && asprintf(&again[i + 1], "%d", i) > 0);
        }
        again[0] = argv[0];
        execv("/proc/self/exe", again);
        NEED(!"execv");
    }
    arguments = argv;
    count = argc;
    return corpus(set_up, check);
}
