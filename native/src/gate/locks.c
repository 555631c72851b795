// Process: drover-criu-gate, on the source of a move. Locks on home's files are home's: this kernel knows none of them. The
// node's daemon knows them by numbers that the kernel gives to processes and open files, and not which descriptor is whose.
// So it is asked for a lock by each descriptor of a file of home's, as the open file (F_OFD_GETLK). Which one it is says the
// range: its start the process and the descriptor, its length how the file is open (homefs: mount/LockPlaces.java).
#define _GNU_SOURCE
#include "gate.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTOR_BITS 24

static bool device_and_kind(int fd, const char *path, dev_t *device, mode_t *mode) {
    struct statx found;
    if (statx(fd, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &found) < 0)
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

static bool tell_those_of(const char *process, dev_t home) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/fd", process);
    int pidfd = (int)syscall(SYS_pidfd_open, atoi(process), 0);
    DIR *all = pidfd < 0 ? NULL : opendir(path);
    bool more = true;
    for (struct dirent *e; more && all && (e = readdir(all));) {
        int fd = e->d_name[0] == '.' ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, atoi(e->d_name), 0);
        dev_t device;
        mode_t mode;
        if (fd < 0)
            continue;
        if (device_and_kind(fd, "", &device, &mode) && device == home && S_ISREG(mode))
            more = tell(atoi(process), atoi(e->d_name), fd);
        close(fd);
    }
    if (all)
        closedir(all);
    if (pidfd >= 0)
        close(pidfd);
    return more;
}

void tell_descriptors(int init) {
    char number[32], root[64];
    dev_t home;
    mode_t mode;
    bool more = true;
    snprintf(number, sizeof number, "%d", init);
    snprintf(root, sizeof root, "/proc/%d/root", init);
    if (!device_and_kind(AT_FDCWD, root, &home, &mode))
        return;
    DIR *all = opendir("/proc");
    for (struct dirent *e; more && all && (e = readdir(all));)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_same_namespace(e->d_name, number, "pid"))
            more = tell_those_of(e->d_name, home);
    if (all)
        closedir(all);
}
