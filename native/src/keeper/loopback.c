// Process: drover-keeper. The loopback of a guest's network, on the target of a move: CRIU makes connections one end after
// the other, and sends what the guest had not sent yet. What arrived before the other end is there would be answered by a
// reset. So all that arrives is dropped meanwhile, and TCP sends it again.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

bool loopback_raise(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; // a kernel without IPv4
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING};
    bool ok = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return ok;
}

int loopback_close(void) {
    static const struct bpf_insn drop[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_DROP},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr load, link;
    memset(&load, 0, sizeof load);
    load.prog_type = BPF_PROG_TYPE_XDP;
    load.insns = (uintptr_t)drop;
    load.insn_cnt = sizeof drop / sizeof *drop;
    load.license = (uintptr_t) "Apache-2.0";
    int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
    if (program < 0) {
        note("the loopback stays open during a move: no program: %s", strerror(errno));
        return -1;
    }
    memset(&link, 0, sizeof link);
    link.link_create.prog_fd = (uint32_t)program;
    link.link_create.target_ifindex = 1; // the first interface of a network
    link.link_create.attach_type = BPF_XDP;
    link.link_create.flags = XDP_FLAGS_SKB_MODE;
    int closed = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof link);
    if (closed < 0)
        note("the loopback stays open during a move: %s", strerror(errno));
    close(program);
    return closed;
}
