// Part of drover-init and the keeper: see guestnet.h.
#define _GNU_SOURCE
#include "guestnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE "home0"
/// What every path to anywhere takes; large writes are cut behind home's device only.
#define MTU_BYTES 1500
/// Packets that may wait for the daemon, of up to 64 KiB each: more would be seconds on a slow link.
#define QUEUE_PACKETS 64

static void close_keeping_errno(int fd) {
    int error = errno;
    close(fd);
    errno = error;
}

bool guestnet_raise_loopback(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; // a kernel without IPv4
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
    bool ok = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close_keeping_errno(fd);
    return ok;
}

bool guestnet_keep_ipv6_off(void) {
    int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return true; // a kernel without IPv6, or a machine that lets nobody change it: some packets more, which are dropped
    bool ok = write(fd, "1", 1) == 1 || errno == EACCES || errno == EPERM;
    close_keeping_errno(fd);
    return ok;
}

static void set_address(struct sockaddr *to, uint32_t address) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};
    memcpy(to, &in, sizeof in);
}

static struct ifreq of_device(void) { return (struct ifreq){.ifr_name = DEVICE}; }

static const char *configure(int fd, uint32_t address) {
    struct ifreq r = of_device();
    set_address(&r.ifr_addr, address);
    if (ioctl(fd, SIOCSIFADDR, &r) < 0)
        return "set the job's address";
    r = of_device();
    r.ifr_mtu = MTU_BYTES;
    if (ioctl(fd, SIOCSIFMTU, &r) < 0)
        return "set the network device's packet size";
    r = of_device();
    r.ifr_qlen = QUEUE_PACKETS;
    if (ioctl(fd, SIOCSIFTXQLEN, &r) < 0)
        return "set the network device's queue";
    r = of_device();
    r.ifr_flags = IFF_UP | IFF_POINTOPOINT | IFF_RUNNING | IFF_NOARP;
    if (ioctl(fd, SIOCSIFFLAGS, &r) < 0)
        return "raise the network device";
    char name[] = DEVICE;
    struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = name};
    set_address(&route.rt_dst, INADDR_ANY);
    set_address(&route.rt_genmask, INADDR_ANY);
    return ioctl(fd, SIOCADDRT, &route) < 0 ? "set the default route" : NULL;
}

const char *guestnet_make_device(int tun, uint32_t address) {
    struct ifreq r = of_device();
    r.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(tun, TUNSETIFF, &r) < 0)
        return "make the network device";
    if (ioctl(tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0)
        return "set up the network device";
    // It goes with the namespace, many at a time, not with the descriptor: whoever closes that need not wait for the kernel.
    if (ioctl(tun, TUNSETPERSIST, 1) < 0)
        return "keep the network device";
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return "configure the network device";
    const char *failed = configure(fd, address);
    close_keeping_errno(fd);
    return failed;
}
