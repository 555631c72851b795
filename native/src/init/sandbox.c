// Process: drover-init. What a guest may not do: capabilities that reach the node, and calls that ignore namespaces.
#define _GNU_SOURCE
#include "init.h"
#include "../common/protocol.h"
#include "../common/rights.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void set_capabilities(uint64_t keep) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)keep, (uint32_t)keep, 0},
        {(uint32_t)(keep >> 32), (uint32_t)(keep >> 32), 0},
    };
    if (syscall(SYS_capset, &header, data) < 0)
        refuse(125, "cannot drop", "capabilities", errno);
}

/// What root may inherit through exec is not bounded by the bounding set.
static void clear_inheritable(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        refuse(125, "cannot read", "capabilities", errno);
    data[0].inheritable = data[1].inheritable = 0;
    if (syscall(SYS_capset, &header, data) < 0)
        refuse(125, "cannot drop", "inheritable capabilities", errno);
}

void sandbox_drop_capabilities(uint32_t uid, uint8_t net) {
    clear_inheritable();
    uint64_t keep = uid == 0 ? ROOT_KEEPS | (net != NETWORK_NODE ? ROOT_KEEPS_IN_OWN_NETWORK : 0) : 0;
    for (unsigned c = 0; c < 64; c++)
        if (!(keep & RIGHT(c)) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0) {
            if (errno == EINVAL)
                break; // beyond the last capability of this kernel
            refuse(125, "cannot drop", "a capability", errno);
        }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        refuse(125, "cannot clear", "ambient capabilities", errno);
}

/// Nothing else that is made to run as this process could have more: an image of a guest can come from a forger.
void sandbox_keep_only_kill(void) {
    for (unsigned c = 0; c < 64; c++)
        if (c != CAP_KILL && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0 && errno != EINVAL)
            refuse(125, "cannot drop", "a capability", errno);
    clear_inheritable();
    set_capabilities(RIGHT(CAP_KILL));
}

/// Keyrings of a uid are shared by all homes, handles ignore path permissions, the rest changes the node itself.
static const uint32_t DENIED[] = {
    SYS_keyctl, SYS_add_key, SYS_request_key, SYS_open_by_handle_at, SYS_kexec_load, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct, SYS_settimeofday, SYS_clock_settime, SYS_bpf,
    SYS_perf_event_open, SYS_userfaultfd, SYS_quotactl, SYS_syslog, SYS_vhangup, SYS_lookup_dcookie, SYS_setns,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount,
    SYS_fspick, SYS_mount_setattr,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
};
/// What nobody sees from outside a process, so that it would be without after a move: a guest does without from the start, as on a kernel
/// that has them not.
static const uint32_t ABSENT[] = {SYS_landlock_create_ruleset};
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifdef __x86_64__
/// The same for 32-bit programs (asm/unistd_32.h); from 424 on all architectures count alike.
static const uint32_t ABSENT_32[] = {444};
#define PRCTL_32 172
static const uint32_t DENIED_32[] = {
    288, 286, 287, 342, 283, 128, 350, 129, 88, 87, 115, 51, 79, 264, 404, 25, 357, 336, 374, 131, 103, 111, 253, 346,
    21, 22, 52, 217, 428, 429, 430, 431, 432, 433, 442,
};
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PROGRAM_LIMIT 200

struct program {
    struct sock_filter code[PROGRAM_LIMIT];
    unsigned short length;
};

// of the architectures and x32 8 instructions, of prctl and the end 5 each
#ifdef __x86_64__
_Static_assert(2 * (COUNT(DENIED) + COUNT(ABSENT) + COUNT(DENIED_32) + COUNT(ABSENT_32)) + 18 <= PROGRAM_LIMIT, "all calls have room");
#else
_Static_assert(2 * (COUNT(DENIED) + COUNT(ABSENT)) + 18 <= PROGRAM_LIMIT, "all calls have room");
#endif

static void emit(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k) {
    p->code[p->length++] = (struct sock_filter){code, yes, no, k};
}

static void deny_each(struct program *p, const uint32_t *calls, size_t count, uint32_t error) {
    for (size_t i = 0; i < count; i++) {
        emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, calls[i]);
        emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error);
    }
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the first argument's lower half is looked for at its beginning"
#endif

/// With the call's number loaded: what is not denied is allowed.
static void decide(struct program *p, const uint32_t *denied, size_t denied_count, const uint32_t *absent, size_t absent_count,
    uint32_t prctl_number) {
    deny_each(p, denied, denied_count, EPERM);
    deny_each(p, absent, absent_count, EOPNOTSUPP);
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, prctl_number);
    emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[0]));
    emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, PR_SET_MDWE);
    emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EINVAL);
    emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

void sandbox_filter_calls(void) {
    struct program p = {.length = 0};
    emit(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
#ifdef __x86_64__
    unsigned short is_native = p.length;
    emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, NATIVE_ARCH);
    emit(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
    emit(&p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000); // x32: nobody uses it
    emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
    decide(&p, DENIED, COUNT(DENIED), ABSENT, COUNT(ABSENT), SYS_prctl);
    p.code[is_native].jf = (uint8_t)(p.length - is_native - 1);
    emit(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
    decide(&p, DENIED_32, COUNT(DENIED_32), ABSENT_32, COUNT(ABSENT_32), PRCTL_32);
#else
    emit(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE_ARCH);
    emit(&p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
    emit(&p, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
    decide(&p, DENIED, COUNT(DENIED), ABSENT, COUNT(ABSENT), SYS_prctl);
#endif
    struct sock_fprog program = {p.length, p.code};
    // No PR_SET_NO_NEW_PRIVS: CAP_SYS_ADMIN is still here, and the guest's own exec rules stay as at home.
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
        refuse(125, "cannot install", "the call filter", errno);
}
