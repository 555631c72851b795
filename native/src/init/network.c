// Process: drover-init. The network of a job is its home's: a TUN device in the guest's own network namespace, with the job's
// address and a default route. What the guest sends comes out of a descriptor that goes to the keeper, and from there to
// the daemon, which carries it home.
#define _GNU_SOURCE
#include "init.h"
#include "../common/guestnet.h"
#include "../common/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define STAGE_FILE "tun" // the stage is where init is until the guest's root is there

static void must(int result, const char *what, const char *name) {
    if (result < 0)
        refuse(125, what, name, errno);
}

/// The guest gets no such file: it is made in the stage, and is gone when the device is open.
static int open_device(void) {
    must(mknod(STAGE_FILE, S_IFCHR | 0600, makedev(10, 200)), "cannot make", "stage/tun");
    int fd = open(STAGE_FILE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    must(fd, "this node cannot make network devices: cannot open", "/dev/net/tun (as root: modprobe tun; or run it with --net none)");
    must(unlink(STAGE_FILE), "cannot remove", "stage/tun");
    return fd;
}

void network_make(const struct start *s) {
    int fd = open_device();
    const char *failed = guestnet_make_device(fd, s->network.address);
    if (failed)
        refuse(125, "cannot", failed, errno);
    control_send_fd(R_NETWORK, fd, "the network device");
    close(fd);
}

/// Makes the directories above the file.
static bool make_way(char *path) {
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = 0;
        bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
        *at = '/';
        if (!made)
            return false;
    }
    return true;
}

void network_name_resolvers(const struct start *start) {
    const struct network *n = &start->network;
    if (!n->resolver_path[0])
        return;
    // What is below /run at home is not there in the guest, whose /run is its own; anything else is covered.
    bool own = strncmp(n->resolver_path, "/run/", 5) == 0;
    const char *path = own ? n->resolver_path : GUEST_MARK_DIRECTORY "/resolv.conf";
    if (own && !make_way(n->resolver_path))
        refuse(125, "cannot make the way to", path, errno);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd, "cannot make", path);
    size_t length = strlen(n->resolver_lines);
    if (write(fd, n->resolver_lines, length) != (ssize_t)length)
        refuse(125, "cannot write", path, errno);
    must(fchmod(fd, 0644), "cannot open up", path);
    close(fd);
    if (!own && mount(path, n->resolver_path, NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
        refuse(125, "cannot cover the guest's", n->resolver_path, errno);
}
