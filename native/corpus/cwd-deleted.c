// The working directory is deleted.
#include "corpus.h"

static void set_up(void) {
    NEED(mkdir("gone", 0700) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
}

static void check(void) {
    char path[400];
    KEPT(getcwd(path, sizeof path) == NULL && errno == ENOENT);
    ssize_t n = readlink("/proc/self/cwd", path, sizeof path - 1);
    KEPT(n > 0);
    path[n] = 0;
    KEPT(strstr(path, "/gone") != NULL && strstr(path, " (deleted)") != NULL); // not where it was
    KEPT(open("file", O_WRONLY | O_CREAT, 0600) < 0 && errno == ENOENT);
}

int main(void) {
    return corpus(set_up, check);
}
