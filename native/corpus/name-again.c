// The program, a file and a mapping lost their names and have them again: to the kernel they stay deleted.
#include "corpus.h"

#include <sys/mman.h>

static int fd;
static char *at;

static void lose_and_find(const char *name) {
    NEED(link(name, "kept-by") == 0 && unlink(name) == 0 && rename("kept-by", name) == 0);
}

static void need_deleted(const char *link) {
    char path[4096];
    ssize_t n = readlink(link, path, sizeof path - 1);
    NEED(n > 0);
    path[n] = 0;
    NEED(strstr(path, " (deleted)") != NULL);
}

static void set_up(void) {
    char path[64], buffer[65536];
    ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer - 1);
    NEED(n > 0);
    buffer[n] = 0;
    if (!strstr(buffer, "/own")) {
        int from = open("/proc/self/exe", O_RDONLY), to = open("own", O_WRONLY | O_CREAT | O_TRUNC, 0700);
        NEED(from >= 0 && to >= 0);
        while ((n = read(from, buffer, sizeof buffer)) > 0)
            NEED(write(to, buffer, (size_t)n) == n);
        close(from);
        close(to);
        execl("own", "own", (char *)NULL);
        NEED(!"execl");
    }
    NEED((fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0 && write_content(fd, 8192, 1));
    NEED((at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED);
    lose_and_find("own");
    lose_and_find("file");
    need_deleted("/proc/self/exe");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    need_deleted(path);
}

static void check(void) {
    char byte = (char)('a' + looks);
    struct stat st;
    KEPT(at[5000] == (char)content(5000, 1));
    at[0] = byte;
    KEPT(msync(at, 8192, MS_SYNC) == 0);
    int again = open("file", O_RDONLY);
    KEPT(again >= 0 && read(again, &byte, 1) == 1 && byte == at[0] && close(again) == 0);
    KEPT(fstat(fd, &st) == 0 && st.st_nlink == 1);
    KEPT(access("own", X_OK) == 0);
}

int main(void) {
    return corpus(set_up, check);
}
