// Process: criu, which preloads this as a part of drover-criu.so. CRIU finds files again by the names they were opened by, and
// makes those without a name anew. Home still has them: in the root of home's files the guest that is being made finds each
// file that it had open as NAME.drover-open-NUMBER (homefs, HeldNames). So here, where a guest is dumped, a file of home that
// is not found by its name any more seems to have that one. A name may also just look removed: the kernel says so of each that
// could once not be looked up again.
#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// The pid of the init of the guest that is dumped.
#define DUMPED "DROVER_CRIU_DUMPED"
#define DESCRIPTORS "/proc/self/fd/"
#define DELETED " (deleted)"
#define HELD ".drover-open-"
/// Of what was the name, so that there is room for the rest.
#define LONGEST_BASE 200

/// NULL: no guest is dumped.
static const char *dumped(void) {
    const char *init = getenv(DUMPED);
    return init && *init ? init : NULL;
}

/// Where home's files are mounted as the guest's root.
static bool is_homes(const struct stat64 *st) {
    static struct stat64 root;
    char path[64];
    if (root.st_ino == 0) {
        snprintf(path, sizeof path, "/proc/%s/root", dumped());
        if (stat64(path, &root) < 0)
            return false;
    }
    return st->st_dev == root.st_dev && (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode));
}

static int status_of(int fd, struct stat64 *st) {
    static int (*real)(int, struct stat64 *);
    if (!real)
        real = (int (*)(int, struct stat64 *))next("fstat64");
    return real(fd, st);
}

/// CRIU does not look for the name of a file that has none.
EXPORTED int fstat64(int fd, struct stat64 *st) {
    int result = status_of(fd, st);
    if (result == 0 && st->st_nlink == 0 && dumped() && is_homes(st))
        st->st_nlink = 1;
    return result;
}

/// The source's kernel need not know the name: to it, the file would be there again.
EXPORTED int fstatat64(int directory, const char *restrict path, struct stat64 *restrict st, int flags) {
    static int (*real)(int, const char *restrict, struct stat64 *restrict, int);
    if (!real)
        real = (int (*)(int, const char *restrict, struct stat64 *restrict, int))next("fstatat64");
    const char *held = dumped() ? strstr(path, HELD) : NULL;
    if (!held || real(directory, ".", st, 0) < 0)
        return real(directory, path, st, flags);
    st->st_ino = strtoull(held + strlen(HELD), NULL, 16); // on the same device as the root
    return 0;
}

/// A file that never had a name has one for the guest that is made: it is opened, not made.
EXPORTED int openat64(int directory, const char *path, int flags, ...) {
    static int (*real)(int, const char *, int, ...);
    if (!real)
        real = (int (*)(int, const char *, int, ...))next("openat64");
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return real(directory, path, strstr(path, HELD) ? flags & ~O_TMPFILE : flags, mode);
}

/// Whether the guest finds the file by that path.
static bool leads_to(const char *path, const struct stat64 *st) {
    char inside[PATH_MAX + 64];
    struct stat64 found;
    int error = errno;
    int length = snprintf(inside, sizeof inside, "/proc/%s/root%s", dumped(), path);
    bool leads = length < (int)sizeof inside && lstat64(inside, &found) == 0 && found.st_dev == st->st_dev
        && found.st_ino == st->st_ino;
    errno = error;
    return leads;
}

EXPORTED ssize_t readlink(const char *restrict path, char *restrict buffer, size_t size) {
    static ssize_t (*real)(const char *restrict, char *restrict, size_t);
    if (!real)
        real = (ssize_t (*)(const char *restrict, char *restrict, size_t))next("readlink");
    ssize_t length = real(path, buffer, size);
    struct stat64 st;
    char name[PATH_MAX];
    if (length <= 0 || length >= PATH_MAX || buffer[0] != '/' || strncmp(path, DESCRIPTORS, strlen(DESCRIPTORS)) != 0
        || !dumped() || status_of(atoi(path + strlen(DESCRIPTORS)), &st) < 0 || !is_homes(&st))
        return length;
    memcpy(name, buffer, (size_t)length);
    name[length] = 0;
    char *end = name + length - strlen(DELETED);
    if (end > name && strcmp(end, DELETED) == 0 && !(st.st_nlink > 0 && leads_to(name, &st))) // or a name that ends so
        *end = 0;
    if (st.st_nlink == 0 || !leads_to(name, &st)) {
        char *held = strstr(name, HELD);
        if (held)
            *held = 0; // it has moved before
        char base[LONGEST_BASE + 1];
        snprintf(base, sizeof base, "%s", strrchr(name, '/') + 1);
        snprintf(name, sizeof name, "/%s" HELD "%llx", base, (unsigned long long)st.st_ino);
    }
    size_t now = strlen(name);
    if (now > size)
        return length;
    memcpy(buffer, name, now);
    return (ssize_t)now;
}
