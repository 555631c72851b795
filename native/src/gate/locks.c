// Process: drover-criu-gate, on the source of a move. Locks on home's files are home's: this kernel knows none of them. The
// node's daemon knows them by numbers that the kernel gives to processes and open files, and not which descriptor is whose.
// So it is asked for a lock by each descriptor of a file of home's, as the open file (F_OFD_GETLK). Which one it is says the
// range: its start the process and the descriptor, its length how the file is open (homefs: mount/LockPlaces.java).
#define _GNU_SOURCE
#include "gate.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTOR_BITS 24

static bool device_and_kind(int fd, const char *path, dev_t *device, mode_t *mode) {
    struct statx found;
    if (syscall(SYS_statx, fd, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &found) < 0)
        return false;
    *device = (dev_t)found.stx_dev_major << 32 | found.stx_dev_minor;
    *mode = found.stx_mode;
    return true;
}

/// False if nothing more needs to be told.
static bool tell(pid_t pid, int number, int fd) {
    int flags = fcntl(fd, F_GETFL);
    struct flock question = {
        .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = (off_t)pid << DESCRIPTOR_BITS | number,
        .l_len = (flags & O_ACCMODE) + 1,
    };
    return flags < 0 || (flags & O_PATH) || fcntl(fd, F_OFD_GETLK, &question) < 0 || question.l_type != F_UNLCK;
}

struct telling {
    dev_t home;
    const char *process;
};

static bool tell_one(const char *number, void *with) {
    const struct telling *t = with;
    int fd = take_descriptor(t->process, number);
    dev_t device;
    mode_t mode;
    if (fd < 0)
        return true;
    bool more = !device_and_kind(fd, "", &device, &mode) || device != t->home || !S_ISREG(mode)
        || tell(atoi(t->process), atoi(number), fd);
    close(fd);
    return more;
}

static bool tell_those_of(const char *process, void *with) {
    struct telling *t = with;
    t->process = process;
    return each_descriptor(process, tell_one, t);
}

void tell_descriptors(int init) {
    char root[64];
    mode_t mode;
    struct telling t = {0};
    snprintf(root, sizeof root, "/proc/%d/root", init);
    if (device_and_kind(AT_FDCWD, root, &t.home, &mode))
        each_process(init, tell_those_of, &t);
}
