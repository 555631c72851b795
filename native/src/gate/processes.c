// Process: drover-criu-gate. The processes of a guest, as the node's /proc has them.
#define _GNU_SOURCE
#include "gate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool namespace_of(const char *process, const char *kind, char *to, size_t size) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/ns/%s", process, kind);
    ssize_t n = readlink(path, to, size - 1);
    to[n > 0 ? n : 0] = 0;
    return n > 0;
}

bool is_same_namespace(const char *a, const char *b, const char *kind) {
    char one[64], two[64];
    return namespace_of(a, kind, one, sizeof one) && namespace_of(b, kind, two, sizeof two) && strcmp(one, two) == 0;
}

static bool is_number(const char *name) { return name[0] >= '0' && name[0] <= '9'; }

/// Each number that is a name in that directory.
static bool each_number(const char *directory, visit *look, void *with) {
    DIR *all = opendir(directory);
    bool ok = true;
    for (struct dirent *e; ok && all && (e = readdir(all));)
        if (is_number(e->d_name))
            ok = look(e->d_name, with);
    if (all)
        closedir(all);
    return ok;
}

struct of_guest {
    const char *init;
    visit *look;
    void *with;
};

static bool if_of_guest(const char *process, void *with) {
    const struct of_guest *of = with;
    return !is_same_namespace(process, of->init, "pid") || of->look(process, of->with);
}

bool each_process(int init, visit *look, void *with) {
    char number[32];
    snprintf(number, sizeof number, "%d", init);
    return each_number("/proc", if_of_guest, &(struct of_guest){number, look, with});
}

bool each_thread(const char *process, visit *look, void *with) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/task", process);
    return each_number(path, look, with);
}

bool each_descriptor(const char *process, visit *look, void *with) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    return each_number(path, look, with);
}

int take_descriptor(const char *process, const char *fd) {
    int pid = (int)syscall(SYS_pidfd_open, atoi(process), 0);
    if (pid < 0)
        return -1;
    int taken = (int)syscall(SYS_pidfd_getfd, pid, atoi(fd), 0);
    int error = errno;
    close(pid);
    errno = error;
    return taken;
}

bool descriptor_is(const char *process, const char *fd, const char *start) {
    char path[600], target[64];
    snprintf(path, sizeof path, "/proc/%s/fd/%s", process, fd);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = 0;
    return n > 0 && strncmp(target, start, strlen(start)) == 0;
}
