// Process: drover-init. The network of a job is its home's: a TUN device in the guest's own network namespace, with the job's
// address and a default route. What the guest sends comes out of a descriptor that goes to the keeper, and from there to
// the daemon, which carries it home.
#define _GNU_SOURCE
#include "init.h"
#include "../common/protocol.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEVICE "home0"
#define STAGE_FILE "tun" // the stage is where init is until the guest's root is there
/// What every path to anywhere takes; large writes are cut behind home's device only.
#define MTU_BYTES 1500
/// Packets that may wait for the daemon, of up to 64 KiB each: more would be seconds on a slow link.
#define QUEUE_PACKETS 64

static void must(int result, const char *what, const char *name) {
    if (result < 0)
        refuse(125, what, name, errno);
}

static void set_address(struct sockaddr *to, uint32_t address) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};
    memcpy(to, &in, sizeof in);
}

static void name_device(struct ifreq *r) {
    *r = (struct ifreq){0};
    strcpy(r->ifr_name, DEVICE);
}

static void configure(uint32_t address) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(fd, "cannot configure", "the guest's network");
    struct ifreq r;
    name_device(&r);
    set_address(&r.ifr_addr, address);
    must(ioctl(fd, SIOCSIFADDR, &r), "cannot set", "the job's address");
    name_device(&r);
    r.ifr_mtu = MTU_BYTES;
    must(ioctl(fd, SIOCSIFMTU, &r), "cannot set", "the network device's packet size");
    name_device(&r);
    r.ifr_qlen = QUEUE_PACKETS;
    must(ioctl(fd, SIOCSIFTXQLEN, &r), "cannot set", "the network device's queue");
    name_device(&r);
    r.ifr_flags = IFF_UP | IFF_POINTOPOINT | IFF_RUNNING | IFF_NOARP;
    must(ioctl(fd, SIOCSIFFLAGS, &r), "cannot raise", "the network device");
    char name[] = DEVICE;
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = name};
    set_address(&route.rt_dst, INADDR_ANY);
    set_address(&route.rt_genmask, INADDR_ANY);
    must(ioctl(fd, SIOCADDRT, &route), "cannot set", "the default route");
    close(fd);
}

/// The guest gets no such file: it is made in the stage, and is gone when the device is open.
static int open_device(void) {
    must(mknod(STAGE_FILE, S_IFCHR | 0600, makedev(10, 200)), "cannot make", "stage/tun");
    int fd = open(STAGE_FILE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    must(fd, "this node cannot make network devices: cannot open", "/dev/net/tun (as root: modprobe tun)");
    must(unlink(STAGE_FILE), "cannot remove", "stage/tun");
    return fd;
}

void network_make(const struct start *s) {
    int fd = open_device();
    struct ifreq r;
    name_device(&r);
    r.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    must(ioctl(fd, TUNSETIFF, &r), "cannot make", "the network device");
    must(ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4), "cannot set up", "the network device");
    // It goes with the namespace, many at a time, not with the descriptor: whoever closes that need not wait for the kernel.
    must(ioctl(fd, TUNSETPERSIST, 1), "cannot keep", "the network device");
    configure(s->address);
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

void network_name_resolvers(const struct start *s) {
    if (!s->resolver_path[0])
        return;
    // What is below /run at home is not there in the guest, whose /run is its own; anything else is covered.
    bool own = strncmp(s->resolver_path, "/run/", 5) == 0;
    const char *path = own ? s->resolver_path : GUEST_MARK_DIRECTORY "/resolv.conf";
    if (own && !make_way(s->resolver_path))
        refuse(125, "cannot make the way to", path, errno);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd, "cannot make", path);
    size_t length = strlen(s->resolver_lines);
    if (write(fd, s->resolver_lines, length) != (ssize_t)length)
        refuse(125, "cannot write", path, errno);
    must(fchmod(fd, 0644), "cannot open up", path);
    close(fd);
    if (!own && mount(path, s->resolver_path, NULL, MS_BIND, NULL) < 0 && errno != ENOENT)
        refuse(125, "cannot cover the guest's", s->resolver_path, errno);
}
